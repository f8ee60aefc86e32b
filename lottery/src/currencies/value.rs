//! What tickets are worth, as exact fractions.

use alloc::collections::BTreeMap;

use super::{BASE, Currencies, Node};
use crate::{Error, Holder};

/// A value in units of the base currency: a fraction in lowest terms.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Value {
    /// The numerator.
    pub numerator: u128,
    /// The denominator, at least 1.
    pub denominator: u128,
}

impl Value {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };

    /// A fraction in lowest terms. Nothing if the denominator is zero.
    #[must_use]
    pub fn new(numerator: u128, denominator: u128) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        let common = greatest_common_divisor(numerator, denominator);
        Some(Self { numerator: numerator / common, denominator: denominator / common })
    }

    /// The sum. Nothing if it does not fit.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let common = greatest_common_divisor(self.denominator, other.denominator);
        let (by, other_by) = (other.denominator / common, self.denominator / common);
        let one = self.numerator.checked_mul(by)?;
        let two = other.numerator.checked_mul(other_by)?;
        Self::new(one.checked_add(two)?, self.denominator.checked_mul(by)?)
    }

    /// The product with a fraction. Nothing if it does not fit, or is none.
    #[must_use]
    pub fn times(self, numerator: u64, denominator: u64) -> Option<Self> {
        let part = Self::new(numerator.into(), denominator.into())?;
        let one = greatest_common_divisor(self.numerator, part.denominator);
        let two = greatest_common_divisor(part.numerator, self.denominator);
        let numerator = (self.numerator / one).checked_mul(part.numerator / two)?;
        Self::new(numerator, (self.denominator / two).checked_mul(part.denominator / one)?)
    }
}

impl Currencies {
    /// What the active tickets of a client are worth in units of the base, or those that back a
    /// currency; without compensation. Nobody's who sleeps are. The values of all clients add up to
    /// what is active of the base. Those of two clients are as their chances, while neither has
    /// compensation.
    ///
    /// It goes through all currencies above, each once.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClient`], [`Error::UnknownCurrency`]; [`Error::ValueTooFine`] if a fraction
    /// on the way does not fit. Draws are exact all the same.
    pub fn value(&self, holder: impl Into<Holder>) -> Result<Value, Error> {
        let holder = self.node(holder.into())?;
        let above: alloc::vec::Vec<u32> = self
            .held(holder)
            .filter_map(|ticket| self.tickets.at(ticket).map(|ticket| ticket.currency))
            .collect();
        let mut values = BTreeMap::new();
        for currency in self.upwards(&above).into_iter().rev() {
            let value = if currency == BASE {
                let active = self.currencies.at(BASE).map_or(0, |base| base.active);
                Value { numerator: active.into(), denominator: 1 }
            } else {
                self.sum(Node::Currency(currency), &values)?
            };
            values.insert(currency, value);
        }
        if holder == Node::Currency(BASE) {
            let active = self.currencies.at(BASE).map_or(0, |base| base.active);
            return Ok(Value { numerator: active.into(), denominator: 1 });
        }
        self.sum(holder, &values)
    }

    /// Of the tickets of a holder, given the values of their currencies.
    fn sum(&self, holder: Node, values: &BTreeMap<u32, Value>) -> Result<Value, Error> {
        let mut sum = Value::ZERO;
        if self.factor(holder).numerator == 0 {
            return Ok(sum);
        }
        for ticket in self.held(holder) {
            let Some(ticket) = self.tickets.at(ticket).filter(|ticket| ticket.amount > 0) else {
                continue;
            };
            let active = self.currencies.at(ticket.currency).map_or(0, |currency| currency.active);
            let value = values.get(&ticket.currency).and_then(|v| v.times(ticket.amount, active));
            sum = value.and_then(|value| sum.plus(value)).ok_or(Error::ValueTooFine)?;
        }
        Ok(sum)
    }
}

fn greatest_common_divisor(one: u128, other: u128) -> u128 {
    let (mut one, mut other) = (one, other);
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one.max(1)
}
