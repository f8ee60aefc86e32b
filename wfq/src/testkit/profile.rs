use core::fmt;

/// What a scheduler may be asked to keep.
///
/// Bounds go by the numbers below. `S_i` is the service that i received over an interval, `w_i` its
/// weight, `q_i` its largest charge, and `s_i` its counter, of which `s_min` is the least.
///
/// | | bound | source |
/// |---|---|---|
/// | B1 | of i and j, both runnable: `S_i w_j - S_j w_i <= q_i w_j + q_j w_i` | Goyal 1996 |
/// | B2 | who is served has `s_min`; of all that are runnable `s_i <= s_min + q_i / w_i` | Goyal 1996 |
/// | B3 | B1 where all charges are equal: stride scheduling | Waldspurger 1995 |
/// | B3' | the least counter first: O(n) charges off one's share of all service | Waldspurger 1995 |
/// | B4 | nobody served but who is owed something: less than a charge off it | Bennett 1996 |
/// | B5 | EEVDF: less than a request off it, kept over sleep and new weights | Stoica 1995 |
/// | B6 | the virtual time never goes back | Goyal 1996 |
/// | B7 | nobody gains by sleeping, and nobody who stays runnable loses by it | from B1 and B2 |
/// | B8 | a turn begins at most a charge of each other later than at its own rate | Goyal 1996 |
/// | B9 | nobody starves: each wait is bounded | from B2 |
/// | B10 | a limit is kept over every interval, and ends when it is due | token buckets |
/// | B11 | all that holds among the members of each group, whatever goes on inside | Bennett 1996 |
/// | B16 | the same operations, the same picks | this crate |
///
/// *Sources:* Goyal, Vin and Cheng, "Start-time fair queueing", SIGCOMM 1996; Waldspurger and Weihl,
/// "Stride scheduling", MIT/LCS/TM-528, 1995; Bennett and Zhang, "WF2Q: worst-case fair weighted fair
/// queueing", INFOCOM 1996, and "Hierarchical packet fair queueing algorithms", SIGCOMM 1996; Stoica
/// and Abdel-Wahab, "Earliest eligible virtual deadline first", Old Dominion University, TR-95-22,
/// 1995.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Law {
    /// Only who is runnable and not in service is picked.
    Sanity,
    /// Nobody is picked only if nobody may run.
    WorkConservation,
    /// B9: nobody waits for more than the others' largest charges explain. In the time for which i
    /// waits, its siblings j receive at most the sum of `q_j + q_i w_j / w_i`. A newcomer, `q_i` being
    /// 0, waits for at most one charge of each. That bounds each wait alone. What many waits come to
    /// together, B8, is checked in steady phases ([`Law::Lag`]), and of counters that are told.
    Starvation,
    /// B1, B3, at every node B11: over every interval in which i and j stay runnable,
    /// `|S_i w_j - S_j w_i| <= q_i w_j + q_j w_i`.
    Pairwise,
    /// The same over intervals in which weights change and change back before anybody is served,
    /// comes or goes. With EEVDF, who is picked is not owed less than nothing where weights are all
    /// that ever changed: lag is kept over that (B5).
    Reweight,
    /// B7: the same, to the favour of j, over every interval in which i stays runnable, whether j
    /// sleeps or not.
    FreeLunch,
    /// B7 and B10: the same where j is throttled at times.
    WindUp,
    /// B3', B4, B5: the bound on the distance from the share of all service, in steady phases. With
    /// EEVDF at all times and at every node, see [`Profile::eevdf`].
    Lag,
    /// B2 and B7, at every node, if the scheduler tells counters: who is picked has the least of
    /// those queued, and `s_i <= s_min + q_i / w_i` for all that are runnable; a charge of `u` moves
    /// that of i by `u / w_i`, and while i stays runnable nothing else does but a new weight.
    ///
    /// Counters that nobody tells are some that would explain what was received. Some that keep
    /// `s_i <= s_min + q_i / w_i`, of two, exist if and only if B1 holds; of more they do if, round any
    /// circle of them, the most that each was ever ahead of the next adds up to no more than the sum
    /// of all `q_i / w_i`, which B1 says of circles of two. Who is picked need not have the least of
    /// those: with weights of 1, and turns of 5 of i, 5 of j and ten of 1 of i, B1 holds. So of a
    /// scheduler that tells nothing, B1 checks of pairs what B2 says of distances, but not that the
    /// least is picked.
    Counters,
    /// B6: the virtual time never goes back, if the scheduler tells it.
    Monotone,
    /// B10: over every interval a limited one receives at most `quota` for each boundary between
    /// periods, `quota + burst` once, and what the last charge is larger than what was left.
    Limit,
    /// B10: `next_release` names the first time at which somebody throttled may run; with groups,
    /// it may be early, but not past.
    Release,
    /// B11: what happens inside a group changes nothing for its siblings.
    Isolation,
    /// B16: the same operations, the same picks; in one episode of eight.
    Determinism,
}

impl Law {
    fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// Which bound on the lag a scheduler keeps in steady phases.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LagLaw {
    /// i is ahead by at most `q_i (W - w_i)` and behind by at most `w_i` times the sum of the
    /// others' charges: what follows from B1 if all start from the same counter.
    SameStart,
    /// The sum of B1 over all pairs.
    Pairs,
    /// Less than one request.
    Request(u64),
}

/// Which laws are checked, on what operations, how many.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Profile {
    laws: u16,
    pub(super) lag: LagLaw,
    quantum: u64,
    pub(super) operations: u64,
    pub(super) entities: usize,
    pub(super) in_service: usize,
    pub(super) largest_weight: u32,
    pub(super) largest_charge: u64,
    pub(super) seed: u64,
    /// By how much lag may be rounded, in units of the reference.
    pub(super) rounding: u32,
}

impl Profile {
    /// The least counter first, `s_i += u / w_i`, `s_i = max(s_min, s_i)` on entry: all laws, the
    /// distance from the share being O(n) charges (B3').
    #[must_use]
    pub fn start_time() -> Self {
        Self {
            laws: u16::MAX,
            lag: LagLaw::SameStart,
            quantum: 0,
            operations: 200_000,
            entities: 12,
            in_service: 1,
            largest_weight: 1 << 20,
            largest_charge: 1 << 62,
            seed: 0,
            rounding: 0,
        }
    }

    /// Any order that keeps B1 where no charge is larger than `quantum`, like stride scheduling
    /// with the pass starting at one stride: as [`Profile::start_time`], with the weaker bound on
    /// the lag that is the sum of B1 over all pairs.
    #[must_use]
    pub fn stride(quantum: u64) -> Self {
        let quantum = quantum.max(1);
        Self { lag: LagLaw::Pairs, quantum, largest_charge: quantum, ..Self::start_time() }
    }

    /// EEVDF where everybody asks for `request` at a time (B4, B5). What is a law of pairs, or of the
    /// virtual time, is not one of EEVDF. What each is owed, its lag, is followed from outside:
    ///
    /// - As long as nobody came, went or changed weight since nobody was owed anything, and no
    ///   charge exceeded what was left of a request, all lags are below one request.
    /// - At all times, who is picked has a lag of at least 0, if anybody has who may be. So one that
    ///   is charged no more than a request is ahead by less than that, then.
    /// - As who leaves takes its lag along, and V is the mean of those who stay, what these are owed
    ///   changes, without end if many leave: `|lag| < request` is no law any more. The law is `lag_i
    ///   <= max(request, max(lag_i', min(request, P)) + P w_i / W)`, where `lag_i'` is what i was owed
    ///   when somebody last came, went, changed weight or was charged more than was left of its
    ///   request, and P what all those were owed then that were owed anything. For if a request was
    ///   served since that is due after that of i, i had had its share at that time, and is owed less
    ///   than a request; if none was, the others have received no more than P and their shares until
    ///   the request of i is due.
    ///
    /// Lag is kept over sleep, throttling and changes of weight, but for one thing: who becomes
    /// runnable when nobody else is has nobody to owe it anything. It is kept in 2^-20 of a unit of
    /// service, rounded as the [reference](crate::reference) does; see [`Profile::rounding`]. Nothing
    /// is checked in a contest any more once somebody leaves with a lag of the largest charge, which
    /// may be cut off; or once two are released at once, as the order of that matters.
    #[must_use]
    pub fn eevdf(request: u64) -> Self {
        let request = request.max(1);
        Self { lag: LagLaw::Request(request), ..Self::start_time() }
            .without(Law::Starvation)
            .without(Law::Pairwise)
            .without(Law::Counters)
            .without(Law::FreeLunch)
            .without(Law::WindUp)
            .without(Law::Monotone)
    }

    /// How many operations are played; 200,000 unless said otherwise.
    #[must_use]
    pub fn operations(self, operations: u64) -> Self {
        Self { operations, ..self }
    }

    /// The most entities at a time, 1 to 64; 12 unless said otherwise.
    #[must_use]
    pub fn entities(self, entities: usize) -> Self {
        Self { entities: entities.clamp(1, 64), ..self }
    }

    /// How many entities are in service at a time, at most, of [those there are](Self::entities); 1
    /// unless said otherwise.
    ///
    /// With more, what one long charge does to the others depends on what was in service beside it,
    /// and how long for, which nobody tells the kit: j, in service all the while, may be charged one
    /// unit in the end or a thousand, so no sum of charges says whether i had too much meanwhile.
    /// Left of the laws of fairness are
    ///
    /// - [`Law::Pairwise`], where all charges are one [quantum](Self::quantum): then turns can be
    ///   counted when they begin. Between turns of j for which i waits, i, in turns for which j
    ///   waits, receives at most `q w_i + q w_j` more than j, in service times weight. It takes a
    ///   scheduler that counts a quantum for each in service when it picks from groups;
    /// - [`Law::Lag`] and [`Law::Reweight`] of EEVDF without groups: who is picked is owed something,
    ///   if anybody waiting is;
    /// - [`Law::Counters`], of entities, without the bound on how far they are ahead: one that is in
    ///   service for long holds up `s_min`.
    ///
    /// Sanity, work conservation, determinism, limits and releases are checked as ever, the virtual
    /// time only without groups, isolation only with one in service. Groups have no limits, as those
    /// would have to know what those in service are going to use.
    #[must_use]
    pub fn in_service(self, in_service: usize) -> Self {
        Self { in_service: in_service.max(1), ..self }
    }

    /// The service that a scheduler expects of a turn, from 1: with several in service, half of the
    /// episodes have no other charges. Largest charges are taken to be at least this. If it is more than
    /// the [largest charge](Self::largest_charge), it is taken to be that.
    #[must_use]
    pub fn quantum(self, quantum: u64) -> Self {
        Self { quantum, ..self }
    }

    /// The largest weight that the scheduler takes; 2^20 unless said otherwise.
    #[must_use]
    pub fn largest_weight(self, largest_weight: u32) -> Self {
        Self { largest_weight: largest_weight.max(1), ..self }
    }

    /// The largest charge that the scheduler takes; 2^62 unless said otherwise.
    #[must_use]
    pub fn largest_charge(self, largest_charge: u64) -> Self {
        Self { largest_charge: largest_charge.max(1), ..self }
    }

    /// By how much a scheduler other than the [reference](crate::reference) may round what is owed to
    /// somebody who comes, goes or changes weight, in 2^-20 of a unit of service: 1 for one that is
    /// exact; 0, unless said otherwise, for one that rounds as the reference does. Nothing is
    /// allowed but what such rounding explains (EEVDF).
    #[must_use]
    pub fn rounding(self, rounding: u32) -> Self {
        Self { rounding, ..self }
    }

    /// Other operations.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// No law but these.
    #[must_use]
    pub fn only(self, laws: &[Law]) -> Self {
        Self { laws: laws.iter().fold(0, |bits, law| bits | law.bit()), ..self }
    }

    /// All the laws but this one.
    #[must_use]
    pub fn without(self, law: Law) -> Self {
        Self { laws: self.laws & !law.bit(), ..self }
    }

    /// Whether this law is checked.
    #[must_use]
    pub fn asks(&self, law: Law) -> bool {
        self.laws & law.bit() != 0
    }

    /// The service expected of a turn: largest charges are taken to be at least this.
    pub(super) fn expected(&self) -> u64 {
        self.quantum.min(self.largest_charge)
    }

    pub(super) fn request(&self) -> Option<u64> {
        match self.lag {
            LagLaw::Request(request) => Some(request),
            LagLaw::SameStart | LagLaw::Pairs => None,
        }
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Profile")
            .field("laws", &format_args!("{:#06x}", self.laws))
            .field("lag", &self.lag)
            .field("operations", &self.operations)
            .field("entities", &self.entities)
            .field("in_service", &self.in_service)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
