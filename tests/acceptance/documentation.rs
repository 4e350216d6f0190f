//! What the documents say of the code, held against the code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Begins the tables of `docs/protocol.md` that say of each section of a specification where it is
/// in the code, and which test holds it.
const TABLES: &str = "\n## Where each section stands\n";

/// The first line of each of them.
const HEAD: &str = "| section | code | test |";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn every_section_of_a_specification_names_code_and_tests_that_exist() {
    let document = std::fs::read_to_string(root().join("docs/protocol.md")).unwrap();
    let tests = Tests::of_this_repository();

    let rows = rows(&document);
    let problems: Vec<String> = rows.iter().flat_map(|row| problems(row, &tests)).collect();

    assert_ne!(rows.len(), 0);
    assert_eq!(problems, [""; 0]);
}

#[test]
fn a_row_that_lacks_something_or_names_what_is_not_there_is_seen() {
    let tests = Tests::of_this_repository();
    let code = "`tests/acceptance/documentation.rs`";
    let test = "`a_row_that_lacks_something_or_names_what_is_not_there_is_seen`";
    let whole = format!("| §1 whole | {code} | {test} |");
    let nowhere = "`crates/nowhere.rs`";

    for (row, problem) in [
        (whole, ""),
        (format!("| §1 | {code} |"), "§1 has not three cells"),
        (format!("| §1 |  | {test} |"), "§1 names no code"),
        (format!("| §1 | {code} |  |"), "§1 names no test"),
        (format!("| §1 | {code} | yes |"), "§1 names no test"),
        (
            format!("| §1 | {code}, {nowhere} | {test} |"),
            "§1: there is no file crates/nowhere.rs",
        ),
        (
            format!("| §1 | `crates` | {test} |"),
            "§1: there is no file crates",
        ),
        (
            format!("| §1 | {code} | {test}, `root` |"),
            "§1: there is no test root",
        ),
        (
            format!("| §1 | {code} | \"is not\" |"),
            "§1: there is no test is not",
        ),
    ] {
        let document = format!("{TABLES}\n{HEAD}\n|---|---|---|\n{row}\n");

        let found: Vec<String> = rows(&document)
            .iter()
            .flat_map(|row| problems(row, &tests))
            .collect();

        assert_eq!(found.join(", "), problem, "{row}");
    }
}

/// The rows of the tables, each with its cells.
fn rows(document: &str) -> Vec<Vec<&str>> {
    let (_, tables) = document.split_once(TABLES).unwrap();
    tables
        .lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("|---") && *line != HEAD)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// What is wrong with a row. Files and Rust tests stand in backticks, the titles of browser tests
/// in quotes.
fn problems(row: &[&str], tests: &Tests) -> Vec<String> {
    let [section, code, held_by] = row else {
        return vec![format!("{} has not three cells", row[0])];
    };
    let mut problems = Vec::new();
    if between('`', code).next().is_none() {
        problems.push(format!("{section} names no code"));
    }
    for file in between('`', code).filter(|file| !root().join(file).is_file()) {
        problems.push(format!("{section}: there is no file {file}"));
    }
    if between('`', held_by).chain(between('"', held_by)).count() == 0 {
        problems.push(format!("{section} names no test"));
    }
    for name in between('`', held_by).filter(|name| !tests.functions.contains(*name)) {
        problems.push(format!("{section}: there is no test {name}"));
    }
    for title in between('"', held_by).filter(|title| !tests.has_title(title)) {
        problems.push(format!("{section}: there is no test {title}"));
    }
    problems
}

/// What stands between each two of these marks.
fn between(mark: char, cell: &str) -> impl Iterator<Item = &str> {
    cell.split(mark).skip(1).step_by(2)
}

/// What may be named as a test.
struct Tests {
    /// The names of the functions in Rust that an attribute makes tests.
    functions: BTreeSet<String>,
    /// The source of the browser tests.
    browser: String,
}

impl Tests {
    fn of_this_repository() -> Self {
        let mut rust = String::new();
        read_into(&mut rust, &root().join("crates"), "rs");
        read_into(&mut rust, &root().join("tests"), "rs");
        let mut browser = String::new();
        read_into(&mut browser, &root().join("tests/browser"), "mjs");
        let mut functions = BTreeSet::new();
        let mut is_test = false;
        for line in rust.lines().map(str::trim) {
            if is_test_attribute(line) {
                is_test = true;
            } else if let Some((_, function)) = line.split_once("fn ") {
                let name = function.split_once('(').map(|(name, _)| name.to_owned());
                functions.extend(name.filter(|_| is_test));
                is_test = false;
            }
        }
        Self { functions, browser }
    }

    fn has_title(&self, title: &str) -> bool {
        self.browser.contains(&format!("test('{title}', "))
    }
}

/// `#[test]`, or that of a runtime, with arguments or without.
fn is_test_attribute(line: &str) -> bool {
    line == "#[test]" || (line.starts_with("#[") && line.contains("::test"))
}

/// Reads every file with this extension, but for what packages of others brought along.
fn read_into(source: &mut String, directory: &Path, extension: &str) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                read_into(source, &path, extension);
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            source.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}
