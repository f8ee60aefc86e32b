//! The colours of the categories.

use svg::node::element::{Definitions, Pattern, Rectangle};

use super::Category;

/// The lighter colour of the hatching.
pub(super) const HATCH_GROUND: &str = "#e2a1c6";

impl Category {
    /// The fill of the category. The backfilled ones are strong colours of the Okabe-Ito palette,
    /// which stay apart under the common colour deficiencies; the others are muted and differ from
    /// each other in lightness.
    pub(super) const fn fill(self) -> &'static str {
        match self {
            Self::Head => "#b9c5d1",
            Self::BeforeShadow => "#e69f00",
            Self::ExtraProcessors => "#009e73",
            Self::Reserved => "#7d8fc4",
            Self::Preemptible => "url(#preemptible-hatch)",
        }
    }
}

/// The hatching of [`Category::Preemptible`].
pub(super) fn definitions() -> Definitions {
    let ground = Rectangle::new().set("width", 6).set("height", 6).set("fill", HATCH_GROUND);
    let stripe = Rectangle::new().set("width", 1.6).set("height", 6).set("fill", "#b0417f");
    let pattern = Pattern::new()
        .set("id", "preemptible-hatch")
        .set("width", 6)
        .set("height", 6)
        .set("patternUnits", "userSpaceOnUse")
        .set("patternTransform", "rotate(45)")
        .add(ground)
        .add(stripe);
    Definitions::new().add(pattern)
}
