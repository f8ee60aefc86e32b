//! Who is served: picks and charges.

use super::{Pick, ROOT, Scheduler, Service, Then};
use crate::node::{NIL, NONE, Place, State};
use crate::rate::{MAX_CHARGE, units};
use crate::table::Kin;
use crate::{EntityId, Error, Order};

impl Scheduler {
    /// Who is to be served next. It is in service until it is [charged](Self::charge), and not
    /// picked again before. `None` if nobody waits, or all who do are throttled.
    // Always inline: the halves of a handle returned by memory would be stored one by one and read
    // at once, for which a processor has to wait.
    #[inline(always)]
    pub fn pick(&mut self) -> Option<Pick> {
        if self.alone != NIL {
            self.hold(self.alone);
        }
        let mut id = self.groups[ROOT as usize].contest.first(&mut self.table)?;
        if !self.table.nodes[id as usize].is_plain() {
            id = self.descend(id)?;
        }
        self.beside = self.open > 0;
        self.open += 1;
        self.alone = id;
        let node = &self.table.nodes[id as usize];
        Some(Pick {
            entity: EntityId { index: id, generation: node.generation },
            slice: match self.order {
                Order::StartTime => self.quantum.get(),
                Order::Eevdf => self.table.request(id).map_or(0, |request| request.left),
            },
            counter: node.counter,
        })
    }

    /// Who is to be served next in a group, or in one that it has.
    #[inline(never)]
    fn descend(&mut self, group: u32) -> Option<u32> {
        let mut id = group;
        loop {
            match self.table.kin(id).group {
                NONE => return Some(id),
                place => id = self.groups[place as usize].contest.first(&mut self.table)?,
            }
        }
    }

    /// Ends the service of an entity, which has used `used` units: `s_i += used / w_i`, for it and
    /// for all groups that it is in. Nothing used is charged as 1 unit, so that nobody can be
    /// picked for ever.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`], [`Error::NotInService`]; [`Error::ChargeTooLarge`] above
    /// [`MAX_CHARGE`]; [`Error::SpanExceeded`] if it gets too far ahead of somebody who is in service
    /// all the while, or in EEVDF has been given back nearly that much.
    #[inline]
    pub fn charge(&mut self, entity: EntityId, used: u64, then: Then) -> Result<(), Error> {
        let id = entity.index;
        match self.table.nodes.get_mut(id as usize) {
            // Whoever is in service is an entity. Most are alone in that, at the top, and stay.
            Some(node)
                if node.generation == entity.generation
                    && id == self.alone
                    && node.is_plain()
                    && !self.beside
                    && then == Then::Requeue
                    && used <= MAX_CHARGE
                    && self.groups[ROOT as usize].contest.surely_admits() =>
            {
                self.alone = NIL;
                self.open -= 1;
                self.groups[ROOT as usize].contest.charge(&mut self.table, id, used.max(1));
                Ok(())
            }
            _ => self.charge_any(entity, used, then),
        }
    }

    #[inline(never)]
    fn charge_any(&mut self, entity: EntityId, used: u64, then: Then) -> Result<(), Error> {
        let id = self.find_entity(entity)?;
        let used = used.max(1);
        if used > MAX_CHARGE {
            return Err(Error::ChargeTooLarge { entity, used });
        }
        let service = self.service(id);
        match service {
            Service::No => return Err(Error::NotInService { entity }),
            Service::Alone => {
                if self.beside || self.order == Order::Eevdf {
                    self.check_span(id, used, units(used), 0)?;
                }
                self.alone = NIL;
            }
            Service::Among => self.check_span(id, used, units(used), self.in_advance())?,
        }
        self.open -= 1;
        self.table.nodes[id as usize].set_held(false);
        if service == Service::Among {
            self.settle(id, used, then, true);
        } else if then != Then::Requeue {
            self.settle(id, used, then, false);
        } else if let Some(at) = self.climb(id, used) {
            self.settle(at, used, then, false);
        }
        if then == Then::Remove {
            self.forget(id);
        }
        Ok(())
    }

    /// Charges an entity and groups that all stay in their queues, as far up as nobody sleeps or
    /// has a limit. Returns where there is more to do.
    fn climb(&mut self, id: u32, used: u64) -> Option<u32> {
        let mut at = id;
        loop {
            let Kin { parent: place, limit, .. } = self.table.kin(at);
            if limit != NONE || self.table.nodes[at as usize].state() != State::Runnable {
                return Some(at);
            }
            let group = &mut self.groups[place as usize];
            group.contest.charge(&mut self.table, at, used);
            if place == ROOT {
                return None;
            }
            at = group.node;
        }
    }

    /// Corrects an earlier charge, of an entity that is not in service: what was charged as
    /// `charged` turned out to be `used`. So does it for all groups that it is in. A limit is not
    /// given back what was charged.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`], [`Error::InService`]; [`Error::ChargeTooLarge`] if either is above
    /// [`MAX_CHARGE`]; [`Error::SpanExceeded`] if the correction carries it too far from virtual time,
    /// or in EEVDF from any other.
    pub fn correct(&mut self, entity: EntityId, charged: u64, used: u64) -> Result<(), Error> {
        let id = self.find_entity(entity)?;
        if self.service(id) != Service::No {
            return Err(Error::InService { entity });
        }
        if let Some(&used) = [charged, used].iter().find(|&&used| used > MAX_CHARGE) {
            return Err(Error::ChargeTooLarge { entity, used });
        }
        let change = units(used) - units(charged);
        self.check_span(id, used.abs_diff(charged), change, 0)?;
        // It may be a sibling of one that was picked before: that is not within a charge any more.
        self.beside |= self.alone != NIL;
        let mut at = id;
        loop {
            let place = self.table.kin(at).parent;
            let state = self.table.nodes[at as usize].state();
            let contest = &mut self.groups[place as usize].contest;
            if state == State::Runnable {
                contest.advance(&mut self.table, at, change);
            } else {
                contest.charge_absent(&mut self.table, at, change);
            }
            if place == ROOT {
                return Ok(());
            }
            at = self.groups[place as usize].node;
        }
    }

    /// Whether it would be better to serve `waiting`, who has just woken, than to go on with
    /// `served`, who is in service: `waiting` is eligible and its request is due earlier, or that
    /// holds of the groups that they do not have in common, or `served` is throttled with one of
    /// those. A hint: nothing changes.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`]; [`Error::NotInService`] if `served` is not. A `waiting` that does
    /// not wait is no better.
    pub fn would_preempt(&self, waiting: EntityId, served: EntityId) -> Result<bool, Error> {
        let (mut other, mut running) = (self.find_entity(waiting)?, self.find_entity(served)?);
        if self.service(running) == Service::No {
            return Err(Error::NotInService { entity: served });
        }
        let waits = self.table.nodes[other as usize].state() == State::Runnable;
        if !waits || self.service(other) != Service::No {
            return Ok(false);
        }
        let (mut above, mut below) = (self.depth(other), self.depth(running));
        loop {
            let [a, b] = [other, running].map(|id| self.table.kin(id).parent);
            if a == b {
                let contest = &self.groups[a as usize].contest;
                let competes = |id: u32| self.table.nodes[id as usize].state() == State::Runnable;
                // The limit of a group that it is in may be used up: then nothing is due to it.
                return Ok(competes(other)
                    && (!competes(running)
                        || contest.prefers(&self.table, other, running, self.quantum.get())));
            }
            if above >= below {
                other = self.groups[a as usize].node;
                above -= 1;
            } else {
                running = self.groups[b as usize].node;
                below -= 1;
            }
        }
    }

    /// How many groups a node is in.
    fn depth(&self, id: u32) -> usize {
        let mut place = self.table.kin(id).parent;
        let mut depth = 0;
        while place != ROOT {
            place = self.table.kin(self.groups[place as usize].node).parent;
            depth += 1;
        }
        depth
    }

    /// Refuses a change of so much service, of which groups are given back what they were charged
    /// in advance, that carries an entity or one of its groups too far from the others.
    fn check_span(&self, id: u32, used: u64, change: i128, in_advance: u64) -> Result<(), Error> {
        let (mut id, mut change) = (id, change);
        loop {
            let place = self.table.kin(id).parent;
            let group = &self.groups[place as usize];
            let competes = self.table.nodes[id as usize].state() == State::Runnable;
            if !group.contest.admits(&self.table, id, change, competes) {
                return Err(Error::SpanExceeded { member: self.member(id), used });
            }
            if place == ROOT {
                return Ok(());
            }
            if self.table.kin(id).group == NONE {
                change -= units(in_advance);
                // Of what it was charged, the group only gets some back.
                if in_advance > 0 && change <= 0 {
                    return Ok(());
                }
            }
            id = group.node;
        }
    }

    /// What a group is charged in advance for each of its members in service.
    fn in_advance(&self) -> u64 {
        self.quantum.get().min(MOST_IN_ADVANCE)
    }

    /// Another entity is asked for: takes the one in service out of its queue, and counts a quantum
    /// in advance for the groups that it is in.
    #[inline(never)]
    fn hold(&mut self, id: u32) {
        let in_advance = units(self.in_advance());
        self.alone = NIL;
        self.table.nodes[id as usize].set_held(true);
        let mut place = self.table.kin(id).parent;
        self.groups[place as usize].contest.park(&mut self.table, id);
        let lowest = place;
        while place != ROOT {
            let group = &mut self.groups[place as usize];
            group.held += 1;
            let above = group.node;
            let competes = self.table.nodes[above as usize].state() == State::Runnable;
            place = self.table.kin(above).parent;
            let contest = &mut self.groups[place as usize].contest;
            if competes {
                contest.advance(&mut self.table, above, in_advance);
            } else {
                contest.charge_absent(&mut self.table, above, in_advance);
            }
            self.promise(above);
        }
        let mut place = lowest;
        while place != ROOT {
            self.align(place);
            place = self.table.kin(self.groups[place as usize].node).parent;
        }
    }

    /// Charges an entity or a group, and the groups that it is in. `among` others, the entity had
    /// been taken out of its queue, and the groups had been charged in advance.
    fn settle(&mut self, id: u32, used: u64, then: Then, among: bool) {
        let mut stays = then == Then::Requeue;
        let mut at = id;
        loop {
            let is_group = self.table.kin(at).group != NONE;
            let is_ahead = is_group && among;
            let given_back = if is_ahead { units(self.in_advance()) } else { 0 };
            self.spend(at, used, if is_ahead { self.quantum.get() } else { 0 });
            let place = self.table.kin(at).parent;
            let competes = self.table.nodes[at as usize].state() == State::Runnable;
            let contest = &mut self.groups[place as usize].contest;
            if competes {
                // First, lest virtual time is carried along by what was too much.
                if is_ahead {
                    contest.advance(&mut self.table, at, -given_back);
                }
                contest.charge(&mut self.table, at, used);
            } else {
                contest.charge_absent(&mut self.table, at, units(used) - given_back);
            }
            self.place_after_service(at, stays);
            if place == ROOT {
                break;
            }
            let group = &mut self.groups[place as usize];
            group.held -= u32::from(among);
            stays = !group.contest.is_idle();
            at = group.node;
        }
    }

    /// Puts a node that has been charged where it belongs: asleep unless it `stays`, throttled, or
    /// in its queue.
    fn place_after_service(&mut self, id: u32, stays: bool) {
        let Kin { parent, group, .. } = self.table.kin(id);
        let node = &self.table.nodes[id as usize];
        let state = node.state();
        let is_parked = node.place() == Place::Parked;
        match state {
            State::Runnable if !stays => {
                self.groups[parent as usize].contest.leave(&mut self.table, id);
                self.table.nodes[id as usize].set_state(State::Asleep);
            }
            State::Runnable if self.is_spent(id) => {
                self.groups[parent as usize].contest.leave(&mut self.table, id);
                self.throttle(id);
            }
            State::Runnable if group != NONE => self.align(group),
            State::Runnable if is_parked => {
                self.groups[parent as usize].contest.unpark(&mut self.table, id);
            }
            State::Throttled if stays => self.throttle_longer(id),
            State::Throttled => {
                let position = self.table.nodes.positions[id as usize];
                self.releases.remove(&mut self.table.nodes, position);
                self.table.nodes[id as usize].set_state(State::Asleep);
            }
            State::Runnable | State::Asleep | State::Vacant => {}
        }
    }
}

/// So many units are counted in advance for an entity at most: with thousands of them in service,
/// the counters of their groups can still be compared.
const MOST_IN_ADVANCE: u64 = 1 << 30;
