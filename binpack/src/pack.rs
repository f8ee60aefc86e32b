use alloc::vec;

use crate::assignment::LEFT_OUT;
use crate::{Assignment, Bins, Fit, Instance, Order};

/// Packs the items by a rule, one by one in this order. Items that are larger than a bin are left
/// out.
///
/// With [`Order::Decreasing`] these are next fit decreasing, first fit decreasing, and so on.
///
/// *Complexity:* O(n log n). *Ties:* those of [`Fit`] and [`Order`].
///
/// ```
/// use apportion_binpack::{Fit, Instance, Order, pack};
///
/// let instance = Instance::new(10, vec![4, 7, 3, 6])?;
/// assert_eq!(pack(&instance, Fit::First, Order::AsGiven).bins(), 3);
/// let packing = pack(&instance, Fit::First, Order::Decreasing);
/// assert!(packing.contents().into_values().eq([[1, 2], [0, 3]]));
/// # Ok::<(), apportion_binpack::Error>(())
/// ```
#[must_use]
pub fn pack(instance: &Instance, fit: Fit, order: Order) -> Assignment {
    let sizes = instance.sizes();
    let mut bins = Bins::opening(fit, instance.capacity());
    let mut bin_of = vec![LEFT_OUT; sizes.len()];
    for item in order.arrange(sizes) {
        // An instance has fewer items than there are numbers for bins, so none is refused.
        if let Ok(Some(bin)) = bins.put(sizes[item]) {
            bin_of[item] = bin.number;
        }
    }
    Assignment::from_raw(bin_of)
}

/// The packing with the fewest bins that a rule makes of the items in decreasing order, and the rule:
/// the first of [`Fit::ALL`] if several are equal. O(n log n).
///
/// ```
/// use apportion_binpack::{Fit, Instance, portfolio};
///
/// let instance = Instance::new(10, vec![4, 7, 3, 6])?;
/// let (packing, fit) = portfolio(&instance);
/// assert_eq!((packing.bins(), fit), (2, Fit::First));
/// # Ok::<(), apportion_binpack::Error>(())
/// ```
#[must_use]
pub fn portfolio(instance: &Instance) -> (Assignment, Fit) {
    let [first, others @ ..] = Fit::ALL;
    let mut best = (pack(instance, first, Order::Decreasing), first);
    for fit in others {
        let packing = pack(instance, fit, Order::Decreasing);
        if packing.bins() < best.0.bins() {
            best = (packing, fit);
        }
    }
    best
}
