//! What handles stand for, by number, with generations that tell stale ones.

use alloc::vec::Vec;

/// Numbers from 0, those of what has left are used again, the last one first.
#[derive(Clone, Debug)]
pub(crate) struct Slots<T> {
    slots: Vec<Slot<T>>,
    vacant: Vec<u32>,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) struct Slot<T> {
    pub(crate) generation: u32,
    pub(crate) held: Option<T>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), vacant: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// Index and generation, or nothing if all numbers are in use.
    pub(crate) fn add(&mut self, held: T) -> Option<(u32, u32)> {
        if let Some(index) = self.vacant.pop() {
            let slot = &mut self.slots[index as usize];
            slot.held = Some(held);
            return Some((index, slot.generation));
        }
        let index = u32::try_from(self.slots.len()).ok().filter(|&index| index < u32::MAX)?;
        self.slots.push(Slot { generation: 0, held: Some(held) });
        Some((index, 0))
    }

    /// As if what was added last never had been.
    pub(crate) fn retract(&mut self, index: u32) {
        match self.slots.get_mut(index as usize) {
            Some(slot) if slot.generation > 0 => {
                slot.held = None;
                self.vacant.push(index);
            }
            _ => self.slots.truncate(index as usize),
        }
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<T> {
        let slot = self.slots.get_mut(index as usize)?;
        let held = slot.held.take()?;
        // Not zero again: that is one that was never used before.
        slot.generation = slot.generation.wrapping_add(1).max(1);
        self.vacant.push(index);
        Some(held)
    }

    pub(crate) fn generation(&self, index: u32) -> u32 {
        self.slots.get(index as usize).map_or(0, |slot| slot.generation)
    }

    /// What is there, whatever its generation.
    pub(crate) fn at(&self, index: u32) -> Option<&T> {
        self.slots.get(index as usize)?.held.as_ref()
    }

    pub(crate) fn at_mut(&mut self, index: u32) -> Option<&mut T> {
        self.slots.get_mut(index as usize)?.held.as_mut()
    }

    pub(crate) fn find(&self, index: u32, generation: u32) -> Option<&T> {
        let slot = self.slots.get(index as usize)?;
        slot.held.as_ref().filter(|_| slot.generation == generation)
    }

    /// All there are, by number: index, generation, and what is held.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u32, &T)> {
        let slots = (0..).zip(&self.slots);
        slots.filter_map(|(index, slot)| Some((index, slot.generation, slot.held.as_ref()?)))
    }

    /// How many numbers have ever been used.
    pub(crate) fn numbers(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    #[cfg(feature = "serde")]
    pub(crate) fn parts(&self) -> (&[Slot<T>], &[u32]) {
        (&self.slots, &self.vacant)
    }

    /// From its parts, if the vacant ones are those without content, each once, and have been used
    /// before.
    #[cfg(feature = "serde")]
    pub(crate) fn from_parts(slots: Vec<Slot<T>>, vacant: Vec<u32>) -> Option<Self> {
        let mut unseen: Vec<bool> = slots.iter().map(|slot| slot.held.is_none()).collect();
        for &index in &vacant {
            let unseen = unseen.get_mut(index as usize).filter(|unseen| **unseen)?;
            *unseen = false;
        }
        let fits = u32::try_from(slots.len()).is_ok_and(|length| length < u32::MAX);
        let used = slots.iter().all(|slot| slot.held.is_some() || slot.generation > 0);
        (fits && used && !unseen.contains(&true)).then_some(Self { slots, vacant })
    }
}
