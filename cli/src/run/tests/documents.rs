use proptest::prelude::*;

use super::*;

#[test]
fn everything_that_can_be_said() {
    let text = r#"
        [[group]]
        name = "inner"
        weight = 3
        limit = 1
        parent = "outer"

        [[command]]
        name = "web"
        run = ["web", "--port", "80"]
        weight = 4294967295
        limit = 0.5
        hard = true
        reserve = 0.25
        memory = "1GiB"
        io-weight = 500
        cpus = "1"
        group = "inner"

        [[command]]
        name = "db"
        run = ["db"]
        memory = 1048576

        [[group]]
        name = "outer"
        reserve = 0.001
    "#;
    let spec = parse(text, 2).unwrap();
    // Parents come first.
    let groups: Vec<_> =
        spec.groups.iter().map(|group| (group.name.as_str(), group.parent)).collect();
    assert_eq!(groups, [("outer", None), ("inner", Some(0))]);
    assert_eq!((spec.groups[1].rights.weight.get(), spec.groups[1].rights.limit), (3, Some(CPU)));
    assert_eq!(spec.groups[0].rights.reserve, 1_000);
    let [web, db] = &spec.commands[..] else { panic!("{spec:?}") };
    assert_eq!(web.run, ("web".to_owned(), vec!["--port".to_owned(), "80".to_owned()]));
    assert_eq!((web.rights.limit, web.rights.reserve), (Some(CPU / 2), CPU / 4));
    assert_eq!((web.hard, web.memory, web.io_weight), (true, Some(1 << 30), Some(500)));
    assert_eq!((web.cpus.as_deref(), web.group, web.line), (Some(&[1][..]), Some(1), 9));
    assert_eq!((db.rights.weight.get(), db.memory, db.group), (1, Some(1 << 20), None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_read_or_refused_on_a_line(text in "(?s).{0,200}") {
        refused_on_a_line(&text)?;
    }

    #[test]
    fn anything_between_familiar_words(
        words in prop::collection::vec(prop_oneof![
            prop::sample::select(&WORDS[..]).prop_map(str::to_owned),
            "[ \\n\"\\[\\]=.,0-9a-c]{0,6}",
        ], 0..40),
    ) {
        refused_on_a_line(&words.concat())?;
    }

    #[test]
    fn any_bytes_on_any_line(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        refused_on_a_line(&String::from_utf8_lossy(&bytes))?;
    }
}

fn refused_on_a_line(text: &str) -> Result<(), TestCaseError> {
    match decide(text, 2) {
        Ok((spec, _)) => prop_assert!(!spec.commands.is_empty()),
        Err(error) => {
            let said = error.to_string();
            let rest = said.strip_prefix("spec.toml:").expect("the name comes first");
            let (line, _) = rest.split_once(": ").expect("then the line");
            let line: usize = line.parse().expect("it is a number");
            prop_assert!((1..=text.lines().count().max(1) + 1).contains(&line), "{said}");
        }
    }
    Ok(())
}

const WORDS: [&str; 24] = [
    "[[command]]\n",
    "[[group]]\n",
    "name = ",
    "run = ",
    "weight = ",
    "limit = ",
    "hard = true\n",
    "reserve = ",
    "memory = ",
    "group = ",
    "parent = ",
    "cpus = ",
    "io-weight = ",
    "\"a\"\n",
    "\"b\"\n",
    "[\"a\"]\n",
    "1\n",
    "0.5\n",
    "nan\n",
    "-inf\n",
    "\"1GiB\"\n",
    "\"0-1\"\n",
    "1979-05-27T07:32:00Z\n",
    "{ a = 1 }\n",
];
