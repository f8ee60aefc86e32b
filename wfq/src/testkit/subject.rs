use super::{Hierarchical, Limited, LimitedGroups, Offers, ProportionalShare};

/// A scheduler as a [`Driver`](super::Driver) sees it: what it offers besides shares.
///
/// Rust cannot ask a type whether it implements a trait, so one of [`Plain`], [`Grouped`],
/// [`Capped`] and [`Full`] says so.
pub trait Subject {
    /// The scheduler.
    type Scheduler: ProportionalShare;

    /// What is offered.
    const OFFERS: Offers;

    /// The scheduler.
    fn scheduler(&self) -> &Self::Scheduler;

    /// The scheduler.
    fn scheduler_mut(&mut self) -> &mut Self::Scheduler;

    /// As one of groups.
    fn groups(&mut self) -> Option<&mut dyn Hierarchical> {
        None
    }

    /// As one of limits.
    fn limits(&mut self) -> Option<&mut dyn Limited> {
        None
    }

    /// As one of limits of groups.
    fn group_limits(&mut self) -> Option<&mut dyn LimitedGroups> {
        None
    }
}

macro_rules! subjects {
    ($($(#[$doc:meta])* $name:ident: $needs:ident, $groups:literal, $limits:literal,
        $($method:ident -> $offered:ident),*;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name<S>(pub S);

        impl<S: $needs> Subject for $name<S> {
            type Scheduler = S;

            const OFFERS: Offers = Offers::new($groups, $limits);

            fn scheduler(&self) -> &S {
                &self.0
            }

            fn scheduler_mut(&mut self) -> &mut S {
                &mut self.0
            }

            $(fn $method(&mut self) -> Option<&mut dyn $offered> {
                Some(&mut self.0)
            })*
        }
    )*};
}

subjects! {
    /// Neither groups nor limits.
    Plain: ProportionalShare, false, false,;
    /// Groups.
    Grouped: Hierarchical, true, false, groups -> Hierarchical;
    /// Limits.
    Capped: Limited, false, true, limits -> Limited;
    /// Groups and limits.
    Full: LimitedGroups, true, true,
        groups -> Hierarchical, limits -> Limited, group_limits -> LimitedGroups;
}
