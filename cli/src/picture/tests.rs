//! What holds of every document.

/// Checks that tags are balanced and that no markup is left in texts and attributes. Returns the
/// number of elements.
pub(crate) fn well_formed(document: &str) -> usize {
    let mut open = Vec::new();
    let mut elements = 0;
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        check_text(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.find('>').expect("a tag is closed");
        let (tag, after) = rest.split_at(end);
        rest = &after[1..];
        assert!(!tag.contains('<'), "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        elements += 1;
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        tag.split('"').for_each(check_text);
        let name = tag.split([' ', '/']).next().unwrap();
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(rest.trim(), "");
    elements
}

fn check_text(text: &str) {
    for (at, _) in text.match_indices('&') {
        let name = text[at + 1..].split(';').next().unwrap();
        assert!(["amp", "lt", "gt", "quot", "apos"].contains(&name), "{text}");
    }
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    assert!(text.chars().all(|c| c >= ' ' || c == '\n' || c == '\t'), "{text:?}");
}
