//! Achieved beside decided shares, as an SVG document.

use apportion_host::vcpu::VcpuReport;
use svg::node::Node;
use svg::node::element::Group;

use super::Outcome;
use super::report::{percent, summary};
use crate::picture::draw::{
    COLOURS, GRID, INK, LEFT, PLOT_WIDTH, SECONDARY, line, rectangle, text, tooltip, with,
};
use crate::picture::page;

/// Draws the policies below each other, a bar for each vCPU, all to the same scale.
pub(super) fn render(title: &str, outcomes: &[Outcome]) -> String {
    let mut body = Group::new();
    page::title(&mut body, title);
    let entries = [("achieved", COLOURS[0]), ("decided (line)", INK)];
    let mut y = page::legend(&mut body, entries.into_iter());
    let vcpus = outcomes.iter().flat_map(|outcome| &outcome.report.vcpus);
    let most = vcpus.map(|vcpu| vcpu.achieved.max(vcpu.decided)).fold(0.0, f64::max);
    // In tenths, rounded up.
    let most = (most * 10.0 - 0.01).ceil().clamp(1.0, 10.0) / 10.0;
    for Outcome { policy, report } in outcomes {
        page::heading(&mut body, y, policy.name(), &summary(report), "");
        y += page::HEADING_HEIGHT;
        let bottom = y + LANE * lanes(report.vcpus.len());
        for tenth in 0..=10 {
            let share = f64::from(tenth) / 10.0;
            if share > most + 0.01 {
                break;
            }
            let x = LEFT + width(share, most);
            body.append(line((x, y), (x, bottom), GRID));
            let label = format!("{} %", tenth * 10);
            let label = text(x, bottom + 15.0, SMALL, "middle", &label);
            body.append(with(label, "fill", SECONDARY));
        }
        for vcpu in &report.vcpus {
            bar(&mut body, y, vcpu, most);
            y += LANE;
        }
        y = bottom + GAP;
    }
    page::finish(title, y, None, body)
}

fn bar(into: &mut Group, y: f64, vcpu: &VcpuReport, most: f64) {
    let number = vcpu.member.vcpu.number();
    let label = format!("vCPU {number}");
    into.append(text(LEFT - 8.0, y + 15.0, SMALL, "end", &label));
    let colour = COLOURS.get(number as usize % COLOURS.len()).copied().unwrap_or(INK);
    let achieved = width(vcpu.achieved, most);
    let mut drawn = with(rectangle(LEFT, y + 2.0, achieved, LANE - 6.0), "fill", colour);
    let (had, due) = (percent(vcpu.achieved), percent(vcpu.decided));
    drawn.append(tooltip(&format!("{label}, weight {}: {had} of {due}", vcpu.member.weight)));
    into.append(drawn);
    let decided = LEFT + width(vcpu.decided, most);
    let mark = line((decided, y), (decided, y + LANE - 2.0), INK);
    into.append(with(mark, "stroke-width", "2"));
    // Inside the bar if it is long, else behind both.
    let inside = achieved > f64::from(PLOT_WIDTH) / 2.0;
    let text = if inside {
        with(text(LEFT + 8.0, y + 15.0, SMALL, "start", &had), "fill", "#ffffff")
    } else {
        text((LEFT + achieved).max(decided) + 8.0, y + 15.0, SMALL, "start", &had)
    };
    into.append(text);
}

fn width(share: f64, most: f64) -> f64 {
    (share / most).clamp(0.0, 1.0) * f64::from(PLOT_WIDTH)
}

/// So many, in pixels to come; never more than a guest can have.
fn lanes(count: usize) -> f64 {
    u32::try_from(count).map_or(0.0, f64::from)
}

const LANE: f64 = 24.0;
const GAP: f64 = 36.0;
const SMALL: f64 = 11.5;

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use apportion_host::vcpu::{Exit, Member, Ran, Report, VcpuId};

    use super::super::policy::Policy;
    use super::*;
    use crate::picture::tests::well_formed;

    #[test]
    fn any_report_gives_a_document_of_bounded_size() {
        for count in [0, 1, 3, 64] {
            for cpu in [Duration::ZERO, Duration::from_millis(7), Duration::MAX] {
                let vcpu = |number| {
                    let weight = NonZeroU32::new(number + 1).unwrap();
                    let member = Member { vcpu: VcpuId::new(number), weight, limit: None };
                    let ran = Ran { cpu, wall: cpu, kick_latency: None, exit: Exit::Kicked };
                    (member, ran, Some(u64::MAX))
                };
                let vcpus: Vec<_> = (0..count).map(vcpu).collect();
                let report = Report::of_parallel(&vcpus, Duration::from_secs(1)).unwrap();
                let outcomes = [Policy::Wfq, Policy::Groups]
                    .map(|policy| Outcome { policy, report: report.clone() });
                let document = render("a title", &outcomes);
                well_formed(&document);
                assert!(document.len() < 80_000, "{}", document.len());
                assert_eq!(document.matches("<title>").count(), 2 * count as usize);
            }
        }
    }
}
