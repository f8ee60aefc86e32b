/// What the kit asks of a lottery. Clients have the kit's numbers, from 0 and without gaps.
pub trait Draws {
    /// A client has so many tickets from now on; one that there was not is added.
    fn set_tickets(&mut self, client: usize, tickets: u64);

    /// Who wins. `words` gives uniform 64-bit words, as many as are asked for.
    fn draw(&mut self, words: &mut dyn FnMut() -> u64) -> Option<usize>;
}

/// A lottery whose tickets have numbers, from 0, through the clients.
pub trait Tickets: Draws {
    /// Who has the ticket of that number; nobody beyond the last.
    fn holder(&self, ticket: u64) -> Option<usize>;
}

/// An inverse lottery.
pub trait Inverse: Draws {
    /// Who loses.
    fn draw_loser(&mut self, words: &mut dyn FnMut() -> u64) -> Option<usize>;
}

/// A lottery with compensation tickets.
pub trait Compensates: Draws {
    /// The client that won last used so much of its quantum, at least 1.
    fn used(&mut self, client: usize, used: u64, quantum: u64);
}

/// A lottery with currencies, which have the kit's numbers, from 0, the base not among them.
pub trait Funds: Draws {
    /// A new currency, backed by so much of the base.
    fn add_currency(&mut self, currency: usize, backing: u64);

    /// A client, new if there was none, is given so much more of a currency.
    fn fund(&mut self, client: usize, currency: usize, amount: u64);

    /// What a client is worth, in units of the base: a fraction.
    fn value(&self, client: usize) -> (u128, u128);
}

/// A scheduler that shares out turns of one quantum by tickets, without chance.
pub trait Turns {
    /// A client has so many tickets from now on; one that there was not is added.
    fn set_tickets(&mut self, client: usize, tickets: u32);

    /// Whose turn it is; it uses all of the quantum.
    fn turn(&mut self) -> Option<usize>;
}
