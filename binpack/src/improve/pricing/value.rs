use core::cmp::Ordering;

/// Prices and sums of them.
pub(in crate::improve) trait Value: Copy {
    fn is_positive(self) -> bool;
    fn by_density(price: Self, size: u64, other: Self, other_size: u64) -> Ordering;
    /// `self + copies * price`.
    fn plus(self, price: Self, copies: u32) -> Self;
    fn minus(self, price: Self) -> Self;
    /// Whether `self` and `free` units filled at the density of `price` in `size` come to more than
    /// `best`; never `false` when they do.
    fn can_exceed(self, free: u64, price: Self, size: u64, best: Self) -> bool;
    fn exceeds(self, best: Self) -> bool;
}

#[expect(clippy::cast_precision_loss, reason = "floats only propose")]
impl Value for f64 {
    fn is_positive(self) -> bool {
        self > NOTHING
    }

    fn by_density(price: Self, size: u64, other: Self, other_size: u64) -> Ordering {
        (price / size as Self).total_cmp(&(other / other_size as Self))
    }

    fn plus(self, price: Self, copies: u32) -> Self {
        self + price * Self::from(copies)
    }

    fn minus(self, price: Self) -> Self {
        self - price
    }

    fn can_exceed(self, free: u64, price: Self, size: u64, best: Self) -> bool {
        self + free as Self * price / size as Self > best + NOTHING
    }

    fn exceeds(self, best: Self) -> bool {
        self > best + NOTHING
    }
}

/// Exact, for prices and floors below 2^40: a pattern has fewer than 2^32 items, so their sum is
/// below 2^72.
impl Value for u128 {
    fn is_positive(self) -> bool {
        self > 0
    }

    fn by_density(price: Self, size: u64, other: Self, other_size: u64) -> Ordering {
        (price * Self::from(other_size)).cmp(&(other * Self::from(size)))
    }

    fn plus(self, price: Self, copies: u32) -> Self {
        self + price * Self::from(copies)
    }

    fn minus(self, price: Self) -> Self {
        self - price
    }

    fn can_exceed(self, free: u64, price: Self, size: u64, best: Self) -> bool {
        // Below 2^40 times 2^64.
        self + Self::from(free) * price / Self::from(size) > best
    }

    fn exceeds(self, best: Self) -> bool {
        self > best
    }
}

/// Prices up to this are taken for zero.
const NOTHING: f64 = 1e-10;
