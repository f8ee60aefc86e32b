//! Checks somebody else's lottery: here a list and a scaled random number, as many have one.
//! Its random numbers have 32 bits: of more tickets than that, only the first are ever drawn. The kit
//! finds that, and names the law.

use apportion_lottery::testkit::{Draws, Law, check_chances};

/// Tickets by client.
#[derive(Default)]
struct Another(Vec<u64>);

// What adapts it to the kit.
impl Draws for Another {
    fn set_tickets(&mut self, client: usize, tickets: u64) {
        self.0.resize(self.0.len().max(client + 1), 0);
        self.0[client] = tickets;
    }
    fn draw(&mut self, words: &mut dyn FnMut() -> u64) -> Option<usize> {
        let total: u64 = self.0.iter().sum();
        // Random numbers of 32 bits, for a total of any size.
        let mut ticket = (words() >> 32) % total;
        self.0.iter().position(|&tickets| {
            let found = ticket < tickets;
            ticket = ticket.saturating_sub(tickets);
            found
        })
    }
}

fn main() {
    let violation = check_chances(1, Another::default).expect_err("it is not fair");
    println!("{violation}");
    assert_eq!(violation.law(), Law::Chances);
}
