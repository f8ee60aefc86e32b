/// The counter `s_i` of somebody runnable, as a scheduler has it: units, and a part of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Counter {
    units: u128,
    part: u32,
    of: u32,
    per_service: u128,
    circle: u32,
    rounding: u32,
}

impl Counter {
    /// So many units, of which `per_service` make one unit of service at a weight of 1. Unless said
    /// otherwise there is no part of a unit, the counter wraps around at 2^128, and is exact.
    #[must_use]
    pub fn new(units: u128, per_service: u128) -> Self {
        Self { units, part: 0, of: 1, per_service, circle: 128, rounding: 0 }
    }

    /// And `part / of` of a unit, less than one.
    #[must_use]
    pub fn with_part(self, part: u32, of: u32) -> Self {
        let of = of.max(1);
        Self { part: part.min(of - 1), of, ..self }
    }

    /// It wraps around at 2 to the power of `bits`, 1 to 128.
    #[must_use]
    pub fn wrapping_at(self, bits: u32) -> Self {
        Self { circle: bits.clamp(1, 128), ..self }
    }

    /// What the scheduler may round, either way, when it charges or reweights: so many parts of
    /// `1 / w_i` of a unit. For one that keeps whole units only, that is its largest weight.
    #[must_use]
    pub fn rounded(self, parts: u32) -> Self {
        Self { rounding: parts, ..self }
    }

    /// Whether it is not after another.
    pub(super) fn is_least(&self, other: &Self) -> bool {
        let (whole, part, _) = other.ahead_of(self);
        // The part is more than -1 and less than 1.
        whole > 0 || whole == 0 && part >= 0
    }

    /// Whether it is ahead of another by no more than `service` at this weight, and rounding.
    pub(super) fn is_within(&self, service: u64, weight: u32, of: &Self) -> bool {
        let Some(most) = self.scaled(service) else { return true };
        self.is_at_most(most.saturating_add(self.rounding.into()), weight, of)
    }

    /// Whether it is ahead of what it was before by exactly `service` at this weight, but for
    /// rounding.
    pub(super) fn has_grown(&self, service: u64, weight: u32, since: &Self) -> bool {
        let Some(exact) = self.scaled(service) else { return true };
        let rounding = u128::from(self.rounding);
        self.is_at_most(exact.saturating_add(rounding), weight, since)
            && (exact <= rounding || !self.is_below(exact - rounding, weight, since))
    }

    /// By how many units it is ahead of another, rounded down.
    pub(super) fn units_ahead(&self, of: &Self) -> i128 {
        let (whole, part, _) = self.ahead_of(of);
        if part < 0 { whole - 1 } else { whole }
    }

    /// In parts of `1 / w_i` of a unit; nothing if that is more than there are.
    fn scaled(&self, service: u64) -> Option<u128> {
        let scaled = self.per_service.checked_mul(service.into())?;
        (scaled < 1 << 127).then_some(scaled)
    }

    fn is_at_most(&self, parts: u128, weight: u32, of: &Self) -> bool {
        self.compare(parts, weight, of).is_le()
    }

    fn is_below(&self, parts: u128, weight: u32, of: &Self) -> bool {
        self.compare(parts, weight, of).is_lt()
    }

    /// How far it is ahead of another, compared with so many parts of `1 / weight` of a unit.
    fn compare(&self, parts: u128, weight: u32, of: &Self) -> core::cmp::Ordering {
        let (whole, part, denominator) = self.ahead_of(of);
        let weight = u128::from(weight);
        let most = (parts / weight).cast_signed();
        let rest = (parts % weight).cast_signed();
        match whole.saturating_sub(most) {
            ..=-2 => core::cmp::Ordering::Less,
            difference @ -1..=1 => {
                let ahead = (difference * denominator + part) * weight.cast_signed();
                ahead.cmp(&(rest * denominator))
            }
            2.. => core::cmp::Ordering::Greater,
        }
    }

    /// Whole units, and a part of one, with its denominator: of the sign that it has.
    fn ahead_of(&self, other: &Self) -> (i128, i128, i128) {
        let unused = 128 - self.circle;
        let whole = (self.units.wrapping_sub(other.units) << unused).cast_signed() >> unused;
        let [ours, theirs] = [self, other].map(|counter| i128::from(counter.of));
        let part = i128::from(self.part) * theirs - i128::from(other.part) * ours;
        (whole, part, ours * theirs)
    }
}

#[cfg(test)]
mod tests {
    use super::Counter;

    #[test]
    fn compares_without_slack() {
        let zero = Counter::new(u128::MAX, 6).with_part(1, 2);
        // 6 / 4 units ahead, which wrap around.
        let ahead = Counter::new(1, 6);
        assert!(zero.is_least(&zero) && zero.is_least(&ahead) && !ahead.is_least(&zero));
        assert!(ahead.is_within(1, 4, &zero) && ahead.has_grown(1, 4, &zero));
        let further = ahead.with_part(1, u32::MAX);
        assert!(!further.is_within(1, 4, &zero) && !further.has_grown(1, 4, &zero));
        assert!(further.rounded(1).is_within(1, 4, &zero) && further.is_within(2, 4, &zero));
        assert!(!ahead.has_grown(2, 4, &zero) && ahead.is_within(2, 4, &zero));
        assert!(
            ahead.rounded(6).has_grown(2, 4, &zero) && !ahead.rounded(5).has_grown(2, 4, &zero)
        );
        assert!(ahead.is_within(u64::MAX, 1, &zero));
        // As far behind as can be.
        let behind = Counter::new(1 << 127, 6).with_part(1, 2);
        assert!(behind.is_within(1, 4, &Counter::new(0, 6)));
    }

    #[test]
    fn compares_on_a_small_circle() {
        let [before, after] = [250, 4].map(|units| Counter::new(units, 1).wrapping_at(8));
        assert!(before.is_least(&after) && after.has_grown(10, 1, &before));
        assert!(!after.is_least(&before) && !after.is_within(9, 1, &before));
    }
}
