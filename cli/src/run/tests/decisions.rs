use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroU64;
use std::time::Duration;

use apportion_host::{
    Applied, CpuLimit, Entrance, Error, GroupControl, GroupPath, Holds, Setting, Task, Usage,
};
use proptest::prelude::*;

use super::super::apply::InForce;
use super::super::layout::{For, Layout, Means, Told};
use super::*;

/// A kernel that refuses what some kernel refuses: a group may never have more CPU time than the
/// one that it is in.
#[derive(Debug, Default)]
struct Strict {
    limits: BTreeMap<GroupPath, Option<CpuLimit>>,
    weights: BTreeMap<GroupPath, u64>,
    cpus: BTreeMap<GroupPath, Vec<u32>>,
}

impl Strict {
    /// The least that the groups outside have.
    fn outside(&self, group: &GroupPath) -> f64 {
        let parent = group.parent();
        let own = |parent: &GroupPath| self.limits[parent].as_ref().map_or(f64::INFINITY, ratio);
        parent.map_or(f64::INFINITY, |parent| own(&parent).min(self.outside(&parent)))
    }
}

fn ratio(limit: &CpuLimit) -> f64 {
    limit.quota.as_secs_f64() / limit.period.as_secs_f64()
}

impl GroupControl for Strict {
    fn backend(&self) -> &'static str {
        "strict"
    }

    fn create(&mut self, group: &GroupPath, _: Holds) -> Result<(), Error> {
        assert!(group.parent().is_none_or(|parent| self.limits.contains_key(&parent)));
        assert_eq!(self.limits.insert(group.clone(), None), None, "{group}");
        Ok(())
    }

    fn set_weights(&mut self, weights: &[(GroupPath, NonZeroU64)]) -> Result<Vec<Applied>, Error> {
        for (group, weight) in weights {
            self.weights.insert(group.clone(), weight.get());
        }
        Ok(weights.iter().map(|(_, weight)| Applied { weight: weight.get(), error: 0.0 }).collect())
    }

    fn set(&mut self, group: &GroupPath, setting: &Setting) -> Result<(), Error> {
        match setting {
            Setting::CpuLimit(limit) => {
                self.limits.insert(group.clone(), *limit);
                for (group, limit) in &self.limits {
                    let own = limit.as_ref().map_or(0.0, ratio);
                    assert!(own <= self.outside(group) + 1e-9, "{group}: {own}");
                }
                let quota = limit.map_or(Duration::from_secs(1), |limit| limit.quota);
                assert!(quota >= Duration::from_millis(1), "{quota:?}");
            }
            Setting::Cpus(cpus) => {
                assert!(!cpus.is_empty(), "{group}");
                self.cpus.insert(group.clone(), cpus.clone());
            }
            other => panic!("{other:?}"),
        }
        Ok(())
    }

    fn attach(&mut self, _: &GroupPath, _: Task) -> Result<(), Error> {
        Ok(())
    }

    fn entrance(&self, _: &GroupPath) -> Result<Entrance, Error> {
        Ok(Entrance::default())
    }

    fn usage(&self, _: &GroupPath) -> Result<Usage, Error> {
        Ok(Usage::default())
    }

    fn kill(&mut self, _: &GroupPath) -> Result<(), Error> {
        Ok(())
    }

    fn remove(&mut self, _: &GroupPath) -> Result<(), Error> {
        Ok(())
    }
}

/// What the groups are told at first, by path.
fn told(text: &str, cpus: u32, cpuset: bool) -> BTreeMap<String, Told> {
    let (spec, division) = decide(text, cpus).unwrap();
    let layout = Layout::nested(&spec).unwrap();
    let numbers: Vec<u32> = (0..cpus).collect();
    let means = Means { cpus: &numbers, bounded: false, cpuset };
    let told = layout.tell(&spec, &division, means);
    layout.nodes.iter().map(|node| node.path.to_string()).zip(told).collect()
}

fn weighs(weight: u64) -> Told {
    Told { weight: Some(weight), limit: None, cpus: None }
}

#[test]
fn weights_are_what_was_decided() {
    let text = "
        command = [
            { name = 'a', run = ['a'], weight = 1 },
            { name = 'b', run = ['b'], weight = 3, group = 'x' },
            { name = 'c', run = ['c'], reserve = 0.5, group = 'x' },
        ]
        group = [{ name = 'x', weight = 4 }]
    ";
    let told = told(text, 1, true);
    assert_eq!(told["a"], weighs(200_000));
    assert_eq!(told["x"], weighs(800_000));
    assert_eq!((&told["x/b"], &told["x/c"]), (&weighs(300_000), &weighs(500_000)));
    assert_eq!(told.len(), 4);
}

#[test]
fn beside_a_hard_one_the_others_share_what_is_left() {
    let text = "
        command = [
            { name = 'a', run = ['a'], weight = 1, hard = true },
            { name = 'b', run = ['b'], weight = 2 },
            { name = 'c', run = ['c'], weight = 1, limit = 0.1 },
        ]
    ";
    let told = told(text, 1, true);
    let fixed = |weight, limit| Told { limit: Some(limit), ..weighs(weight) };
    // With a hard one there may be CPUs to hand over, so all are told theirs.
    let cpus = Some(vec![0]);
    assert_eq!(told["a"], Told { cpus: cpus.clone(), ..fixed(250_000, 250_000) });
    assert_eq!(told["_rest"], fixed(750_000, 750_000));
    assert_eq!(told["_rest/b"], Told { cpus: cpus.clone(), ..weighs(650_000) });
    assert_eq!(told["_rest/c"], Told { cpus, ..fixed(100_000, 100_000) });
}

#[test]
fn the_cpus_of_a_hard_one_that_has_ended_are_for_the_others() {
    let text = "
        command = [
            { name = 'a', run = ['a'], weight = 1, hard = true },
            { name = 'b', run = ['b'], weight = 2 },
        ]
    ";
    let (spec, division) = decide(text, 3).unwrap();
    let layout = Layout::nested(&spec).unwrap();
    let means = Means { cpus: &[0, 1, 2], bounded: false, cpuset: true };
    let b = layout.commands[1];
    assert_eq!(layout.tell(&spec, &division, means)[b].cpus, Some(vec![0, 1]));
    let division = Division::of_running(&spec, &[false, true], division.capacity).unwrap();
    assert_eq!(layout.tell(&spec, &division, means)[b].cpus, Some(vec![0, 1, 2]));
}

#[test]
fn whole_cpus_are_exclusive_where_that_can_be_had() {
    let text = "
        command = [
            { name = 'a', run = ['a'], weight = 1, hard = true },
            { name = 'b', run = ['b'], weight = 1 },
            { name = 'c', run = ['c'], weight = 1 },
        ]
        [[group]]
        name = 'x'
    ";
    let with = told(text, 3, true);
    assert_eq!(with["a"], Told { cpus: Some(vec![2]), ..weighs(CPU) });
    assert_eq!(with["_rest"], weighs(2 * CPU));
    assert_eq!(with["_rest/b"], Told { cpus: Some(vec![0, 1]), ..weighs(CPU) });
    assert_eq!(with["_rest/x"], Told::default(), "nobody is in it");
    let without = told(text, 3, false);
    assert_eq!(without["a"], Told { limit: Some(CPU), ..weighs(CPU) });
    assert_eq!(without["_rest"], Told { limit: Some(2 * CPU), ..weighs(2 * CPU) });
    // One that has to be on that CPU is in the way.
    let kept = told(&text.replace("['c']", "['c'], cpus = '2'"), 3, true);
    assert_eq!((&kept["a"].cpus, kept["a"].limit), (&Some(vec![1]), None));
    let kept = told(
        &text.replace("['a']", "['a'], cpus = '2'").replace("['c']", "['c'], cpus = '2'"),
        3,
        true,
    );
    assert_eq!((&kept["a"].cpus, kept["a"].limit), (&Some(vec![2]), Some(CPU)));
}

#[test]
fn nobody_outside_gets_what_a_hard_one_inside_a_group_leaves() {
    let text = "
        command = [
            { name = 'a', run = ['a'], hard = true, group = 'x' },
            { name = 'b', run = ['b'], weight = 3, group = 'x' },
            { name = 'c', run = ['c'] },
        ]
        [[group]]
        name = 'x'
    ";
    let told = told(text, 1, true);
    let limits: Vec<_> =
        told.iter().map(|(path, told)| (path.as_str(), told.limit.unwrap_or(0))).collect();
    assert_eq!(
        limits,
        [
            ("_rest", 500_000),
            ("_rest/c", 0),
            ("x", 500_000),
            ("x/_rest", 375_000),
            ("x/_rest/b", 0),
            ("x/a", 125_000)
        ]
    );
}

#[test]
fn more_reserved_than_there_is_is_refused_with_names() {
    let text = "[[command]]\nname = 'a'\nrun = ['a']\nreserve = 0.75\n\n[[command]]\nname = 'b'\nrun = ['b']\nreserve = 0.5\n";
    let error = decide(text, 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "spec.toml:2: expected at most the 1 CPUs to be reserved or hard, found 1.25: `a`, `b`"
    );
}

proptest! {
    #[test]
    fn groups_are_told_what_was_decided(
        groups in prop::collection::vec((any::<prop::sample::Index>(), 1..9_u64, rights()), 0..5),
        commands in prop::collection::vec(
            (any::<prop::sample::Index>(), 1..9_u64, rights(), any::<bool>(), any::<bool>()), 1..8),
        ends in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        cpus in 1..4_u32,
        cpuset in any::<bool>(),
    ) {
        let mut text = String::new();
        for (at, (parent, weight, rights)) in groups.iter().enumerate() {
            let parent = parent.index(at + 1);
            let parent = if parent == at { String::new() } else { format!("parent = 'g{parent}'\n") };
            let _ = write!(text, "[[group]]\nname = 'g{at}'\nweight = {weight}\n{rights}{parent}");
        }
        for (at, (group, weight, rights, hard, single)) in commands.iter().enumerate() {
            let group = group.index(groups.len() + 1);
            let group = if group == groups.len() { String::new() } else { format!("group = 'g{group}'\n") };
            let single = if *single { "cpus = '0'\n" } else { "" };
            let _ = write!(
                text,
                "[[command]]\nname = 'c{at}'\nrun = ['c']\nweight = {weight}\nhard = {hard}\n{rights}{group}{single}"
            );
        }
        // Otherwise more is reserved than there is.
        let Ok((spec, first)) = decide(&text, cpus) else { return Ok(()) };
        let layout = Layout::nested(&spec).unwrap();
        let numbers: Vec<u32> = (0..cpus).collect();
        let means = Means { cpus: &numbers, bounded: false, cpuset };
        let mut control = Strict::default();
        for node in &layout.nodes {
            control.create(&node.path, Holds::Processes).unwrap();
        }
        let mut in_force = InForce::nothing(&layout);
        let mut running = vec![true; spec.commands.len()];
        let mut divisions = vec![first];
        for end in ends {
            running[end.index(spec.commands.len())] = false;
            divisions.extend(Division::of_running(&spec, &running, u64::from(cpus) * CPU));
        }
        for division in divisions {
            let told = layout.tell(&spec, &division, means);
            in_force.change(&mut control, &layout, &told).unwrap();
            check(&layout, &spec, &division, &told, &control, cpuset)?;
        }
    }
}

fn rights() -> impl Strategy<Value = String> {
    let amount = prop::option::of(1..3_000_u64);
    (amount.clone(), amount).prop_map(|(reserve, limit)| {
        let mut text = String::new();
        let reserve = reserve.map(|reserve| reserve / 6).filter(|&reserve| reserve > 0);
        if let Some(reserve) = reserve.filter(|&reserve| limit.is_none_or(|limit| reserve <= limit))
        {
            let _ = writeln!(text, "reserve = {}.{:03}", reserve / 1_000, reserve % 1_000);
        }
        if let Some(limit) = limit {
            let _ = writeln!(text, "limit = {}.{:03}", limit / 1_000, limit % 1_000);
        }
        text
    })
}

#[expect(clippy::cast_precision_loss, reason = "compared with room for it")]
fn check(
    layout: &Layout,
    spec: &Spec,
    division: &Division,
    told: &[Told],
    control: &Strict,
    cpuset: bool,
) -> Result<(), TestCaseError> {
    for (at, node) in layout.nodes.iter().enumerate() {
        let (allocation, limit, runs) = match node.stands_for {
            For::Command(command) => {
                let found = &spec.commands[command];
                (division.commands[command], found.rights.limit, division.running[command])
            }
            For::Group(group) => (division.groups[group], spec.groups[group].rights.limit, false),
            For::Rest => continue,
        };
        let set = control.limits[&node.path].as_ref().map(ratio);
        // Nobody is kept from what was decided, and no limit is passed over.
        prop_assert!(set.is_none_or(|set| set * 1e6 + 10.0 >= allocation as f64), "{}", node.path);
        if let Some(limit) = limit {
            prop_assert!(set.is_some_and(|set| set * 1e6 <= limit as f64 + 1.0), "{}", node.path);
        }
        if runs {
            let beside = (0..layout.nodes.len()).filter(|&other| {
                layout.nodes[other].parent == node.parent && told[other].weight.is_some()
            });
            let (mut set, mut wanted) = (0, 0);
            for other in beside {
                set += control.weights[&layout.nodes[other].path];
                wanted += told[other].weight.unwrap();
            }
            let share = control.weights[&node.path] as f64 / set as f64;
            prop_assert!((share - allocation.max(1) as f64 / wanted as f64).abs() < 2e-5);
        }
        if let For::Command(command) = node.stands_for
            && runs
            && spec.commands[command].hard
        {
            // Fixed, by a quota or by CPUs of its own.
            let fixed = set.is_some_and(|set| set * 1e6 <= allocation.max(1_000) as f64 + 10.0);
            let own =
                control.cpus.get(&node.path).filter(|cpus| cpus.len() as u64 * CPU == allocation);
            prop_assert!(fixed || cpuset && own.is_some(), "{}: {set:?}", layout.nodes[at].path);
        }
    }
    Ok(())
}
