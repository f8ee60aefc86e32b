//! An assignment that was saved and tampered with is refused, or is one.

use std::collections::BTreeMap;

use apportion_binpack::{
    Assignment, Flaw, Improver, Instance, VectorImprover, VectorInstance, check, check_vectors,
};
use apportion_testbed::tampered;
use serde_json::{Value, from_value, json, to_value};

fn refusal(value: Value) -> String {
    from_value::<Assignment>(value).unwrap_err().to_string()
}

#[test]
fn the_form_is_stable() {
    let assignment = Assignment::new(&[Some(1), None, Some(0)]);
    let saved = to_value(&assignment).unwrap();
    assert_eq!(saved, json!({ "bin_of": [1, u32::MAX, 0], "bins": 2 }));
    assert_eq!(from_value::<Assignment>(saved).unwrap(), assignment);
}

#[test]
fn another_number_of_bins_is_refused() {
    for (bin_of, bins) in [(vec![5], 1), (vec![0], 2), (vec![], 1), (vec![u32::MAX], u32::MAX)] {
        let text = refusal(json!({ "bin_of": bin_of, "bins": bins }));
        assert!(text.contains("it has another number of bins"), "{text}");
    }
    assert!(refusal(json!({ "bin_of": [0], "bins": 1, "more": 0 })).contains("unknown field"));
}

#[test]
fn what_was_tampered_with_is_refused_or_is_looked_at() {
    let sizes = vec![6, 3, 11, 4];
    let instance = Instance::new(10, sizes.clone()).unwrap();
    let vectors: Vec<[u64; 2]> = sizes.iter().map(|size| [*size, 1]).collect();
    let vector_instance = VectorInstance::new([10, 4], vectors.clone()).unwrap();
    let assignment = Assignment::new(&[Some(0), Some(1), None, Some(0)]);
    assert_eq!(check(&instance, &assignment), Ok(()));
    tampered(&assignment, |assignment: Assignment| {
        let found = check(&instance, &assignment);
        assert_eq!(found.is_ok(), check_vectors(&[10, 4], &vectors, &assignment).is_ok());
        let improver = Improver::with_packing(&instance, assignment.clone());
        assert_eq!(improver.map(drop).err(), found.err());
        let improver = VectorImprover::new(vector_instance.clone(), assignment.clone(), 1);
        assert_eq!(improver.is_ok(), found.is_ok());
        let there = assignment.contents().values().map(Vec::len).sum::<usize>();
        assert_eq!(there + assignment.left_out().count(), assignment.items());
    });
}

/// Nothing is as long as the highest number says.
#[test]
fn the_highest_number_of_a_bin_costs_nothing() {
    let highest = u32::MAX - 1;
    let saved = json!({ "bin_of": [highest, u32::MAX, 7, highest], "bins": u32::MAX });
    let assignment = from_value::<Assignment>(saved).unwrap();
    assert_eq!(assignment.bins(), 4_294_967_295);
    let expected = BTreeMap::from([(7, vec![2]), (4_294_967_294, vec![0, 3])]);
    assert_eq!(assignment.contents(), expected);
    let flaw = Flaw::EmptyBins { bins: 4_294_967_295, items: 4 };
    assert_eq!(check(&Instance::new(9, vec![1; 4]).unwrap(), &assignment), Err(flaw));
}
