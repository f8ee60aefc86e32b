//! Bad input: exit status 2, one line that names the line and says what was expected, nothing
//! started and no file touched.

use std::fs;

use crate::common::{Stage, done};

/// Refuses a specification, with every kind of output asked for.
#[track_caller]
fn refuses(text: impl AsRef<[u8]>, line: &str) {
    let stage = Stage::new();
    stage.write("spec.toml", text);
    stage
        .run("run spec.toml --cpus 0 --svg new.svg --output new")
        .refused(&format!("spec.toml:{line}"));
    assert_eq!(stage.names(), ["spec.toml"]);
}

/// A command with something wrong, on line 4.
#[track_caller]
fn refuses_key(key: &str, line: &str) {
    refuses(
        format!("[[command]]\nname = \"a\"\nrun = [\"true\"]\n{key}\n"),
        &format!("4: expected {line}"),
    );
}

#[test]
fn amounts() {
    let weight = "a whole number from 1 to 4294967295";
    refuses_key("weight = 0", &format!("{weight}, found integer `0`"));
    refuses_key("weight = -3", &format!("{weight}, found integer `-3`"));
    refuses_key("weight = 4294967296", &format!("{weight}, found integer `4294967296`"));
    refuses_key("weight = 1.5", &format!("{weight}, found floating point `1.5`"));
    refuses_key("weight = \"1\"", &format!("{weight}, found string \"1\""));
    let cpus = "a number of CPUs from 0.001 to 8192";
    for key in ["limit", "reserve"] {
        refuses_key(&format!("{key} = 0"), &format!("{cpus}, found integer `0`"));
        refuses_key(&format!("{key} = -0.5"), &format!("{cpus}, found floating point `-0.5`"));
        refuses_key(&format!("{key} = nan"), &format!("{cpus}, found floating point `NaN`"));
        refuses_key(&format!("{key} = inf"), &format!("{cpus}, found floating point `inf`"));
        refuses_key(&format!("{key} = 0.0005"), &format!("{cpus}, found floating point `0.0005`"));
        refuses_key(&format!("{key} = 9000"), &format!("{cpus}, found integer `9000`"));
        refuses_key(&format!("{key} = \"1\""), &format!("{cpus}, found string \"1\""));
    }
    let memory = "an amount of memory from 64KiB to 1024TiB, such as \"1GiB\"";
    for (value, found) in [
        ("\"1\"", "string \"1\""),
        ("\"1 gib\"", "string \"1 gib\""),
        ("\"99999999999999999999GiB\"", "string \"99999999999999999999GiB\""),
        ("0", "integer `0`"),
        ("-1", "integer `-1`"),
        ("1.5", "floating point `1.5`"),
    ] {
        refuses_key(&format!("memory = {value}"), &format!("{memory}, found {found}"));
    }
    let io = "a whole number from 1 to 1000";
    refuses_key("io-weight = 0", &format!("{io}, found integer `0`"));
    refuses_key("io-weight = 1001", &format!("{io}, found integer `1001`"));
    let list = "numbers of CPUs such as \"0,2-3\"";
    refuses_key("cpus = \"\"", &format!("{list}, found string \"\""));
    refuses_key("cpus = \"1-0\"", &format!("{list}, found string \"1-0\""));
    refuses_key("cpus = \"8000\"", "CPUs among 0, found 8000");
    refuses_key("hard = 1", "a boolean, found integer `1`");
    refuses(
        "[[command]]\nname = \"a\"\nrun = [\"true\"]\nlimit = 0.25\nreserve = 0.5\n",
        "5: expected `a` to reserve at most its limit of 0.25 CPUs, found 0.5",
    );
}

#[test]
fn names() {
    let word = "a name of at most 100 letters, digits, `.`, `_` and `-` that begins with a letter or \
                a digit";
    for name in ["", "a b", "a/b", "..", ".a", "_rest", "-a", "ä", "a\\n", &"a".repeat(101)] {
        let found = name.replace("\\n", " ");
        refuses(
            format!("[[command]]\nname = \"{name}\"\nrun = [\"true\"]\n"),
            &format!("2: expected {word}, found `{found}`"),
        );
    }
    let again = "expected names that differ, found `a` again, as on line 2";
    refuses("[[command]]\nname = \"a\"\nrun = [\"true\"]\n\n".repeat(2), &format!("6: {again}"));
    let groups = "[[group]]\nname = \"a\"\n".repeat(2);
    refuses(
        format!("{groups}\n[[command]]\nname = \"c\"\nrun = [\"true\"]\n"),
        &format!("4: {again}"),
    );
    refuses(
        "[[group]]\nname = \"a\"\n[[command]]\nname = \"a\"\nrun = [\"true\"]\n",
        "4: expected another name than that of a group, found `a`",
    );
}

#[test]
fn groups() {
    let group =
        |name: &str, parent: &str| format!("[[group]]\nname = \"{name}\"\nparent = \"{parent}\"\n");
    let command = "[[command]]\nname = \"c\"\nrun = [\"true\"]\n";
    refuses_key("group = \"x\"", "the name of a [[group]], found `x`");
    let found = "expected the name of a [[group]], found `b`";
    refuses(group("a", "b") + command, &format!("3: {found}"));
    let cycle = "expected groups that end at the top, found a cycle";
    refuses(group("a", "a") + command, &format!("2: {cycle}: `a` in `a`"));
    refuses(
        group("x", "a") + &group("a", "b") + &group("b", "c") + &group("c", "a") + command,
        &format!("5: {cycle}: `a` in `b` in `c` in `a`"),
    );
    // A cycle of many is not named whole.
    let many: String =
        (0..200).map(|at| group(&format!("g{at}"), &format!("g{}", (at + 1) % 200))).collect();
    let names: Vec<String> = (0..6).map(|at| format!("`g{at}`")).collect();
    refuses(many + command, &format!("2: {cycle}: {} in 194 others in `g0`", names.join(" in ")));
    let stage = Stage::new();
    let deep: String =
        (1..20).map(|at| group(&format!("g{at}"), &format!("g{}", at - 1))).collect();
    stage.write("deep.toml", format!("[[group]]\nname = \"g0\"\n{deep}{command}group = \"g19\"\n"));
    stage.run("run deep.toml").refused(
        "deep.toml: expected at most 16 groups in groups, found \
         `g0/g1/g2/g3/g4/g5/g6/g7/g8/g9/g10/g11/g12/g13/g14/g15/g16`",
    );
}

#[test]
fn documents() {
    refuses("", "1: expected a [[command]], found none");
    refuses("[[group]]\nname = \"g\"\n", "1: expected a [[command]], found none");
    refuses("[[command]]\nname = \"a\"\n", "1: expected one key `run`, found none");
    refuses("\n[[command]]\nrun = [\"true\"]\n", "2: expected one key `name`, found none");
    refuses_key(
        "colour = \"red\"",
        "one of `name`, `run`, `weight`, `limit`, `hard`, `reserve`, `memory`, `io-weight`, `cpus`, `group`, `bandwidth-weight`, `bandwidth-limit`, found `colour`",
    );
    refuses("colour = 1\n", "1: expected one of `command`, `group`, `network`, found `colour`");
    refuses(
        "[[command]]\nname = \"a\"\nrun = []\n",
        "3: expected a program and its arguments, such as [\"sleep\", \"5\"], found none",
    );
    refuses(
        "[[command]]\nname = \"a\"\nrun = [\"\"]\n",
        "3: expected a program and its arguments, such as [\"sleep\", \"5\"], found none",
    );
    refuses(
        "[[command]]\nname = \"a\"\nrun = [\"a\\u0000b\"]\n",
        "3: expected arguments without a zero byte, found one",
    );
    refuses(
        "[[command]]\nname = \"a\"\nrun = \"true\"\n",
        "3: expected a sequence, found string \"true\"",
    );
    refuses(
        "[[command]]\nname = \"a\"\nname = \"b\"\n",
        "3: expected TOML, found an error in it: duplicate key",
    );
    refuses("x = [1,\n2\n", "2: expected TOML, found an error in it: unclosed array, expected `]`");
    refuses(b"[[command]]\nname = \"\xff\"\n", "2: expected UTF-8");
    let command = |at: i32| format!("[[command]]\nname = \"c{at}\"\nrun = [\"true\"]\n");
    let many = (0..251).map(command).collect::<Vec<_>>().concat();
    refuses(many, "1: expected at most 250 commands, found 251");
}

#[test]
fn reservations_that_cannot_be_kept() {
    let command = |name: &str, key: &str| {
        format!("[[command]]\nname = \"{name}\"\nrun = [\"true\"]\n{key}\n")
    };
    refuses(
        command("a", "reserve = 0.75") + &command("b", "reserve = 0.5"),
        "2: expected at most the 1 CPUs to be reserved or hard, found 1.25: `a`, `b`",
    );
    refuses(
        command("a", "reserve = 0.75") + &command("b", "hard = true"),
        "2: expected at most the 1 CPUs to be reserved or hard, found 1.25: `a`, `b`",
    );
    refuses(
        "[[group]]\nname = \"g\"\nlimit = 0.5\n".to_owned()
            + &command("a", "reserve = 0.25\ngroup = \"g\"")
            + &command("b", "reserve = 0.375\ngroup = \"g\""),
        "5: expected at most the 0.5 CPUs of `g` to be reserved or hard, found 0.625: `a`, `b`",
    );
}

#[test]
fn options() {
    let stage = Stage::new();
    let time = "--for: expected a time such as 5s, 250ms, 2min or 1h, at least 1ms, found";
    for value in ["0s", "5", "-1s", "s", "1y", "nans", ""] {
        let mut program = stage.program();
        program.args(["run", "--for", value]);
        done(program.output().expect("the program can be started"))
            .refused(&format!("{time} `{value}`"));
    }
    for value in ["", "a", "1-0", "-1", "0,,1"] {
        let mut program = stage.program();
        program.args(["run", "--cpus", value]);
        done(program.output().expect("the program can be started"))
            .refused(&format!("--cpus: expected numbers of CPUs such as 0,2-3, found `{value}`"));
    }
    let done = stage.run("run --cpus 8191");
    assert_eq!(done.status, Some(2));
    assert!(done.err.starts_with("apportion: --cpus: expected CPUs among "), "{}", done.err);
    stage
        .run("run missing.toml")
        .refused("missing.toml: expected a specification: No such file or directory");
    stage.run("run .").refused(".: expected a specification, found a folder");
    stage.run("run /dev/zero").refused("/dev/zero: expected at most 1048576 bytes, found more");
    stage
        .run("run --svg missing/x.svg")
        .refused("missing/x.svg: cannot be written: No such file or directory");
    stage
        .run("run --json --svg /dev/stdout")
        .refused("--json and --svg: expected one of them on standard output, found both");
    stage
        .run("run --output missing/x")
        .refused("missing/x: cannot be written: No such file or directory");
    assert!(stage.names().is_empty());
    // Files that were opened before one could not be are removed again.
    fs::create_dir(stage.path("out")).unwrap();
    fs::create_dir(stage.path("out/two.err")).unwrap();
    stage.run("run --output out").refused("out/two.err: cannot be written: Is a directory");
    assert_eq!(fs::read_dir(stage.path("out")).unwrap().count(), 1);
}
