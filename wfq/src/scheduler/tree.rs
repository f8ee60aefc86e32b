//! Who is there: joining, leaving, waking, sleeping, weights.

use core::num::NonZeroU64;

use super::{Group, ROOT, Scheduler, Service, check_quantum};
use crate::contest::Contest;
use crate::node::{NONE, State};
use crate::table::{Kin, Request};
use crate::{EntityId, Error, GroupId, Member, Weight};

impl Scheduler {
    /// A new entity, asleep, beside the top groups.
    ///
    /// # Errors
    ///
    /// [`Error::Full`].
    pub fn add(&mut self, weight: Weight) -> Result<EntityId, Error> {
        self.add_node(ROOT, weight)
    }

    /// A new entity, asleep, in a group.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], [`Error::Full`].
    pub fn add_to(&mut self, group: GroupId, weight: Weight) -> Result<EntityId, Error> {
        let parent = self.find_group(group)?;
        self.add_node(parent, weight)
    }

    /// A new group without members, in another or at the top.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], [`Error::Full`].
    pub fn add_group(&mut self, parent: Option<GroupId>, weight: Weight) -> Result<GroupId, Error> {
        let parent = self.group_or_root(parent)?;
        let EntityId { index: node, generation } = self.add_node(parent, weight)?;
        let group =
            Group { contest: Contest::new(self.order, self.start), node, members: 0, held: 0 };
        let place = if let Some(place) = self.vacant_groups.pop() {
            self.groups[place as usize] = group;
            place
        } else {
            self.groups.push(group);
            (self.groups.len() - 1) as u32
        };
        self.table.change_kin(node, |kin| kin.group = place);
        Ok(GroupId { index: node, generation })
    }

    fn add_node(&mut self, parent: u32, weight: Weight) -> Result<EntityId, Error> {
        let index = self.table.add(weight, parent, self.quantum.get()).ok_or(Error::Full)?;
        self.groups[parent as usize].members += 1;
        Ok(EntityId { index, generation: self.table.nodes[index as usize].generation })
    }

    /// Forgets an entity, asleep or not. Its number is used again.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`]; [`Error::InService`]: charge it with
    /// [`Then::Remove`](crate::Then::Remove).
    pub fn remove(&mut self, entity: EntityId) -> Result<(), Error> {
        let id = self.find_entity(entity)?;
        self.check_idle(entity)?;
        if self.table.nodes[id as usize].state() != State::Asleep {
            self.deactivate(id);
        }
        self.forget(id);
        Ok(())
    }

    /// Forgets a group that has no members.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], [`Error::GroupNotEmpty`].
    pub fn remove_group(&mut self, group: GroupId) -> Result<(), Error> {
        let place = self.find_group(group)?;
        let members = self.groups[place as usize].members;
        if members > 0 {
            return Err(Error::GroupNotEmpty { group, members });
        }
        self.vacant_groups.push(place);
        self.forget_promised(place);
        self.forget(group.index);
        Ok(())
    }

    /// Takes a node that sleeps out of the table.
    pub(super) fn forget(&mut self, id: u32) {
        self.drop_budget(id);
        let parent = self.table.kin(id).parent;
        self.groups[parent as usize].members -= 1;
        self.table.remove(id);
    }

    /// An entity wants service. In start-time order it begins at `s_i = max(s_min, s_i)`, in
    /// [`Order::Eevdf`](crate::Order::Eevdf) with the lag that it had. So do the groups that it is
    /// in, if they had slept.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`]; [`Error::InService`] and [`Error::AlreadyAwake`], if it does not
    /// sleep.
    pub fn wake(&mut self, entity: EntityId) -> Result<(), Error> {
        let id = self.find_entity(entity)?;
        self.check_idle(entity)?;
        if self.table.nodes[id as usize].state() != State::Asleep {
            return Err(Error::AlreadyAwake { entity });
        }
        self.activate(id);
        Ok(())
    }

    /// An entity does not want service any more. One in service is charged with
    /// [`Then::Sleep`](crate::Then::Sleep) instead.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`], [`Error::InService`], [`Error::AlreadyAsleep`].
    pub fn sleep(&mut self, entity: EntityId) -> Result<(), Error> {
        let id = self.find_entity(entity)?;
        self.check_idle(entity)?;
        if self.table.nodes[id as usize].state() == State::Asleep {
            return Err(Error::AlreadyAsleep { entity });
        }
        self.deactivate(id);
        Ok(())
    }

    fn check_idle(&self, entity: EntityId) -> Result<(), Error> {
        match self.service(entity.index) {
            Service::No => Ok(()),
            Service::Alone | Service::Among => Err(Error::InService { entity }),
        }
    }

    /// Changes a weight. What the member is owed or owes stays as it is, in service; nobody else is
    /// touched. A member in service is charged at the new weight.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`], [`Error::UnknownGroup`].
    #[inline]
    pub fn set_weight(&mut self, member: impl Into<Member>, weight: Weight) -> Result<(), Error> {
        let id = self.find(member.into())?;
        let competes = self.table.nodes[id as usize].state() == State::Runnable;
        let contest = &mut self.groups[self.table.kin(id).parent as usize].contest;
        contest.reweight(&mut self.table, id, weight, competes);
        Ok(())
    }

    /// How much service an entity asks for at a time, in [`Order::Eevdf`](crate::Order::Eevdf): a
    /// shorter request is served earlier, and as often as it takes to make up for it. Holds from
    /// the next request on, which begins when the present one is used up, or on waking. Without
    /// effect in start-time order.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntity`]; [`Error::QuantumTooLarge`] above
    /// [`MAX_CHARGE`](crate::MAX_CHARGE).
    pub fn set_request(&mut self, entity: EntityId, request: NonZeroU64) -> Result<(), Error> {
        let id = self.find_entity(entity)?;
        check_quantum(request)?;
        if let Some(known) = self.table.request(id) {
            self.table.set_request(id, Request { length: request.get(), ..known });
        }
        Ok(())
    }

    /// A node that slept or was throttled wants service. Groups above that had nobody who did come
    /// to life.
    pub(super) fn activate(&mut self, id: u32) {
        let mut id = id;
        loop {
            if self.is_spent(id) {
                self.throttle(id);
                return;
            }
            let Kin { parent: place, group: own, .. } = self.table.kin(id);
            self.groups[place as usize].contest.enter(&mut self.table, id);
            self.table.nodes[id as usize].set_state(State::Runnable);
            // Released while members are in service: there may be nobody else, or nothing left for
            // anybody else.
            if own != NONE && !self.may_queue(own) {
                self.groups[place as usize].contest.park(&mut self.table, id);
            }
            if place == ROOT {
                return;
            }
            let above = self.groups[place as usize].node;
            match self.table.nodes[above as usize].state() {
                State::Asleep => id = above,
                _ => return self.align(place),
            }
        }
    }

    /// A node does not want service any more. Groups above that have nobody left fall asleep.
    fn deactivate(&mut self, id: u32) {
        let mut id = id;
        loop {
            let place = self.table.kin(id).parent;
            let node = &mut self.table.nodes[id as usize];
            let state = node.state();
            node.set_state(State::Asleep);
            match state {
                State::Runnable => {
                    self.groups[place as usize].contest.leave(&mut self.table, id);
                }
                State::Throttled => {
                    let position = self.table.nodes.positions[id as usize];
                    self.releases.remove(&mut self.table.nodes, position);
                }
                State::Asleep | State::Vacant => {}
            }
            if place == ROOT {
                return;
            }
            let group = &self.groups[place as usize];
            if !group.contest.is_idle() {
                return self.align(place);
            }
            id = group.node;
        }
    }

    /// Puts a group that competes into its queue or takes it out, by whether it has somebody to
    /// serve; then those above, as far as that makes a difference to them.
    pub(super) fn align(&mut self, place: u32) {
        let mut place = place;
        while place != ROOT {
            let above = self.groups[place as usize].node;
            let may_queue = self.may_queue(place);
            let node = &self.table.nodes[above as usize];
            let (state, queued) = (node.state(), node.is_queued());
            place = self.table.kin(above).parent;
            if state != State::Runnable || queued == may_queue {
                return;
            }
            let contest = &mut self.groups[place as usize].contest;
            if may_queue {
                contest.unpark(&mut self.table, above);
            } else {
                contest.park(&mut self.table, above);
            }
        }
    }

    /// Whether a group has somebody queued, and its limit is not used up by those in service.
    pub(super) fn may_queue(&mut self, place: u32) -> bool {
        if !self.groups[place as usize].contest.has_queued() {
            return false;
        }
        self.refresh(place);
        self.leaves_something(place)
    }
}
