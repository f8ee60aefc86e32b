//! Networks for real: shares, limits and borrowing by what arrives, and that nothing is left.
//!
//! Each test plays the host in a network namespace of its own, so traffic goes only between
//! namespaces that it made itself. One after the other, in one process, which is also what some of
//! them start.

#[path = "network/gone.rs"]
mod gone;
#[path = "network/reach.rs"]
mod reach;
#[path = "network/refusals.rs"]
mod refusals;
#[path = "network/shares.rs"]
mod shares;
#[path = "network/stage.rs"]
mod stage;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    gone::play_an_owner_if_asked();
    let mut arguments = Arguments::from_args();
    // They would measure each other.
    arguments.test_threads = Some(1);
    let trials = TESTS.map(|(name, test)| {
        Trial::test(name, move || {
            stage::on_a_host_of_its_own(name, test);
            Ok(())
        })
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

const TESTS: [(&str, fn()); 11] = [
    ("shares_follow_weights_also_while_they_change", shares::follow_weights),
    ("what_one_leaves_the_others_borrow_up_to_their_limits", shares::are_borrowed),
    ("nothing_is_left_after_closing_or_a_panic", gone::after_closing_or_a_panic),
    ("two_that_begin_at_once_are_apart", gone::two_at_once),
    ("nothing_is_left_when_the_owner_is_killed", gone::after_a_kill),
    ("nothing_is_left_when_a_network_cannot_be_finished", gone::after_a_failure),
    ("a_command_begins_in_its_network", reach::begins_inside),
    ("commands_reach_no_further_than_asked", reach::no_further_than_asked),
    ("refusals_change_nothing", refusals::change_nothing),
    ("without_the_rights_it_says_which", refusals::say_which_rights),
    ("as_many_commands_as_there_are_addresses", refusals::as_many_as_addresses),
];
