//! Whole documents: well-formed whatever the input, and of bounded size.

use super::*;
use crate::picture::tests::well_formed;

/// Knuth's linear congruential generator, for inputs that are the same everywhere.
pub(super) struct Lcg(pub(super) u64);

impl Lcg {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A panel of `count` segments on which about half of the processors are busy.
pub(super) fn generated(random: &mut Lcg, count: u64, processors: u64) -> Panel {
    let mut busy_until = vec![0; usize::try_from(processors).unwrap()];
    let segment = |job: u64| {
        let lane = usize::try_from(random.below(processors)).unwrap();
        let start = busy_until[lane] + random.below(500);
        let end = start + random.below(1_000);
        busy_until[lane] = end;
        let category = Category::ALL[usize::try_from(random.below(5)).unwrap()];
        Segment { job: job.cast_signed(), start, end, processors: 1, category }
    };
    let segments = (0..count).map(segment).collect();
    Panel { title: "generated".to_owned(), summary: "no summary".to_owned(), processors, segments }
}

fn panel(processors: u64, segments: &[(u64, u64, u64)]) -> Panel {
    let segment = |&(start, end, processors): &(u64, u64, u64)| Segment {
        job: 1,
        start,
        end,
        processors,
        category: Category::Preemptible,
    };
    let segments = segments.iter().map(segment).collect();
    Panel { title: "policy".to_owned(), summary: String::new(), processors, segments }
}

#[test]
fn degenerate_inputs_give_a_document() {
    let last = u64::MAX;
    let inputs = [
        vec![],
        vec![panel(0, &[])],
        vec![panel(4, &[])],
        vec![panel(0, &[(0, 5, 3)])],
        vec![panel(4, &[(7, 7, 3)])],
        vec![panel(4, &[(7, 7, 3); 500])],
        vec![panel(4, &[(9, 2, 3)])],
        vec![panel(4, &[(0, 5, 0)])],
        vec![panel(4, &[(last - 3, last, 3), (last, last, 1)])],
        vec![panel(4, &[(last, last, 1); 500])],
        vec![panel(last, &[(0, last, last), (0, last, 1)])],
        vec![panel(last, &[(0, last, last); 500])],
        vec![panel(1, &[(0, 5, last), (1, 5, 1)]), panel(4, &[])],
        vec![panel(5_000, &[(3, 9, 1); 5_000]), panel(0, &[(1, 2, 1)])],
    ];
    for (case, panels) in inputs.into_iter().enumerate() {
        let elements = well_formed(&render("degenerate", panels));
        assert!(elements >= 4, "case {case}");
    }
}

#[test]
fn texts_are_escaped() {
    let mut panel = panel(4, &[(0, 5, 3)]);
    panel.title = "<policy> & \"other\"".to_owned();
    panel.summary = "a < b\u{0} ]]>".to_owned();
    let document = render("<title> & \"quoted\" 'too'", vec![panel]);
    well_formed(&document);
    assert!(document.contains("&lt;policy&gt; &amp; "), "{document}");
    assert!(document.contains("aria-label=\"&lt;title&gt; &amp; &quot;quoted&quot;"), "{document}");
}

#[test]
fn each_segment_of_a_small_replay_has_a_tooltip() {
    let panel = generated(&mut Lcg(11), 300, 20);
    let document = render("small", vec![panel.clone()]);
    well_formed(&document);
    for segment in &panel.segments {
        assert!(document.contains(&format!("<title>job {}: 1 processor, ", segment.job)));
    }
    assert_eq!(document.matches("<title>").count(), 300);
}

#[test]
fn the_legend_names_only_what_occurs() {
    let document = render("legend", vec![panel(4, &[(0, 5, 3)])]);
    let outside_tooltips = format!(">{}</text>", Category::Preemptible.label());
    assert!(document.contains(&outside_tooltips));
    assert!(!document.contains(Category::Head.label()));
    assert!(!document.contains(Category::Reserved.label()));
}

#[test]
fn segments_beyond_the_capacity_are_counted() {
    let document = render("capacity", vec![panel(4, &[(0, 5, 3), (1, 5, 2), (2, 5, 1)])]);
    assert!(document.contains("(2 segments not drawn in full)"), "{document}");
    assert!(!render("capacity", vec![panel(4, &[(0, 5, 3), (1, 5, 1)])]).contains("in full"));
}

#[test]
fn a_large_replay_stays_small_on_the_page() {
    let mut random = Lcg(2);
    let panels = vec![generated(&mut random, 100_000, 512), generated(&mut random, 80_000, 512)];
    let document = render("large", panels.clone());
    well_formed(&document);
    assert!(document.len() < 2_000_000, "{}", document.len());
    assert!(document.contains("detail: "));
    assert_eq!(document, render("large", panels));
}
