//! What this machine offers: for people and for programs.

use apportion_host::{Offer, System};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::output::{self, Error};

#[derive(Serialize)]
struct Document<'a> {
    what: &'a str,
    available: bool,
    /// How it is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<&'a str>,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    /// What would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a str>,
}

pub(super) fn run(json: bool) -> Result<(), Error> {
    let offers = apportion_host::probe(&System::default());
    output::print(&if json { document(&offers) } else { table(&offers) })
}

/// One document on one line.
fn document(offers: &[Offer]) -> String {
    let list: Vec<Document<'_>> = offers
        .iter()
        .map(|Offer { what, state }| {
            let unavailable = state.as_ref().err();
            Document {
                what,
                available: state.is_ok(),
                how: state.as_ref().ok().map(String::as_str),
                why: unavailable.map(|unavailable| unavailable.why.as_str()),
                fix: unavailable.map(|unavailable| unavailable.fix.as_str()),
            }
        })
        .collect();
    // Words can always be written.
    serde_json::to_string(&list).unwrap_or_default() + "\n"
}

fn table(offers: &[Offer]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["what", "here", "how, or why not"]);
    for Offer { what, state } in offers {
        let (here, text) = match state {
            Ok(how) => ("yes", how.clone()),
            Err(unavailable) => ("no", unavailable.why.clone()),
        };
        table.add_row([what.as_str(), here, &text]);
        if let Err(unavailable) = state {
            table.add_row(["", "", &format!("fix: {}", unavailable.fix)]);
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        // Every line begins with the padding of the first column.
        text.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use apportion_host::Unavailable;

    use super::*;

    #[test]
    fn what_is_missing_has_a_reason_and_a_remedy() {
        let [what, why, fix] = ["KVM", "there is no /dev/kvm", "modprobe"].map(str::to_owned);
        let missing = Unavailable { what: what.clone(), why, fix };
        let offers = [
            Offer { what: "user".to_owned(), state: Ok("0 (root)".to_owned()) },
            Offer { what, state: Err(missing) },
        ];
        assert_eq!(
            table(&offers),
            "what  here  how, or why not\nuser  yes   0 (root)\nKVM   no    there is no /dev/kvm\n\
             \x20           fix: modprobe\n"
        );
        assert_eq!(
            document(&offers),
            "[{\"what\":\"user\",\"available\":true,\"how\":\"0 (root)\"},{\"what\":\"KVM\",\
             \"available\":false,\"why\":\"there is no /dev/kvm\",\"fix\":\"modprobe\"}]\n"
        );
    }
}
