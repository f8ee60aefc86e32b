//! What people call the entities: A, B ... Z, AA, AB ...

/// The name of the entity at `index`.
pub(super) fn name(index: usize) -> String {
    let mut letters = Vec::new();
    let mut left = index + 1;
    while left > 0 {
        left -= 1;
        letters.push(LETTERS[left % LETTERS.len()]);
        left /= LETTERS.len();
    }
    letters.iter().rev().map(|&letter| char::from(letter)).collect()
}

const LETTERS: &[u8; 26] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_on_after_z() {
        let names = [0, 1, 25, 26, 27, 701, 702].map(name);
        assert_eq!(names, ["A", "B", "Z", "AA", "AB", "ZZ", "AAA"]);
    }
}
