//! A run from its first command to its last.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use apportion_host::{
    Entrance, Error as HostError, Executor, Exited, GroupControl, Launch, Output,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::again::{self, Original};
use super::apply::InForce;
use super::division::Division;
use super::files::Files;
use super::layout::{Layout, Means, Told as Settings};
use super::network::Shared;
use super::record::Record;
use super::screen::Screen;
use super::signals::{Signals, Told};
use super::spec::Spec;
use crate::output::Error;
use crate::progress::now;

/// What is to be run, and how.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) spec: Spec,
    pub(super) original: Original<'a>,
    pub(super) division: Division,
    pub(super) layout: Layout,
    pub(super) means: Means<'a>,
    /// When the commands are ended, if they have not ended by then.
    pub(super) length: Option<Duration>,
    /// Of how many commands samples are kept, if of any.
    pub(super) sampled: Option<usize>,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) spec: Spec,
    pub(super) record: Record,
    /// The signal that ended it, if one did.
    pub(super) signal: Option<i32>,
    /// The exit status of the first command that failed, if one did and the time was not up.
    pub(super) failed: Option<i32>,
}

struct Session<'a, C: GroupControl> {
    executor: Executor<C>,
    /// Outlives the commands that are in it.
    network: Option<Shared>,
    plan: Plan<'a>,
    in_force: InForce,
    record: Record,
    signals: Signals,
    screen: Option<Screen>,
    begin: Instant,
    signal: Option<i32>,
    failed: Option<i32>,
}

/// Runs a plan. Whatever happens, nothing of it is left.
pub(super) fn run<C: GroupControl>(
    executor: Executor<C>,
    plan: Plan<'_>,
    signals: Signals,
    files: Option<Files>,
) -> Result<Outcome, Error> {
    let record = Record::new(&plan.division, plan.sampled);
    let in_force = InForce::nothing(&plan.layout);
    let screen = Screen::new(&plan.spec);
    let (signal, failed) = (None, None);
    let begin = now();
    let network = Shared::open(&plan.spec)?;
    let mut session = Session {
        executor,
        network,
        plan,
        in_force,
        record,
        signals,
        screen,
        begin,
        signal,
        failed,
    };
    session.prepare()?;
    session.start(files)?;
    session.watch()?;
    session.end()?;
    let Session { plan, record, signal, failed, .. } = session;
    Ok(Outcome { spec: plan.spec, record, signal, failed })
}

impl<C: GroupControl> Session<'_, C> {
    /// Creates the groups and tells them everything.
    fn prepare(&mut self) -> Result<(), Error> {
        let Plan { spec, layout, .. } = &self.plan;
        for node in &layout.nodes {
            self.executor.create(&node.path).map_err(refused)?;
        }
        for (command, &node) in spec.commands.iter().zip(&layout.commands) {
            for setting in again::settings(command) {
                let path = &layout.nodes[node].path;
                self.executor.control_mut().set(path, &setting).map_err(refused)?;
            }
        }
        self.apply().map_err(refused)
    }

    /// Puts the division into force.
    fn apply(&mut self) -> Result<(), HostError> {
        let Plan { spec, layout, division, means, .. } = &self.plan;
        let told: Vec<Settings> = layout.tell(spec, division, *means);
        let control = self.executor.control_mut();
        let applied = self.in_force.change(control, layout, &told)?;
        let off = applied.iter().filter(|(_, applied)| applied.error.abs() >= WORTH_TELLING);
        let off: Vec<String> = off
            .map(|(node, applied)| {
                format!("{} by {:+.1}", layout.nodes[*node].path, applied.error * 100.0)
            })
            .collect();
        if !off.is_empty() {
            let backend = self.executor.control().backend();
            let list = off.join(", ");
            self.say(&format!("{backend}: no finer weights, so shares are off, in points: {list}"));
        }
        Ok(())
    }

    /// Puts a new division into force, as far as it goes: what cannot be changed any more stays.
    fn adapt(&mut self) -> Result<(), Error> {
        match self.apply() {
            Err(
                error @ (HostError::Unavailable(_)
                | HostError::System { .. }
                | HostError::NotApplied { .. }),
            ) => {
                self.say(&format!("{error}; what runs keeps what it was told"));
                Ok(())
            }
            result => result.map_err(refused),
        }
    }

    fn start(&mut self, mut files: Option<Files>) -> Result<(), Error> {
        for at in 0..self.plan.spec.commands.len() {
            let command = &self.plan.spec.commands[at];
            let output = match (files.as_mut().and_then(Files::next), &mut self.screen) {
                (Some((out, err)), _) => Output::Files { out, err },
                (None, Some(screen)) => {
                    let (out, err) = screen.pipe().map_err(|error| {
                        Error::Usage(format!(
                            "cannot make a pipe: {}",
                            crate::output::reason(&error)
                        ))
                    })?;
                    Output::Files { out, err }
                }
                (None, None) => Output::StandardError,
            };
            let launch = Launch {
                name: command.name.clone(),
                program: (&command.run.0).into(),
                args: command.run.1.iter().map(Into::into).collect(),
                group: self.plan.layout.nodes[self.plan.layout.commands[at]].path.clone(),
                environment: Vec::new(),
                directory: None,
                output,
                entrance: match &self.network {
                    Some(network) => network.entrance(at)?,
                    None => Entrance::default(),
                },
            };
            if let Err(error) = self.executor.start(launch) {
                let place = format!("{}:{}", self.plan.original.name, command.line);
                let message = format!("expected a command that can be started: {error}");
                return Err(Error::input(place, message));
            }
        }
        if let Some(files) = files {
            files.keep();
        }
        // It may take a while until the last one is in its group. Only from then on do all compete.
        let nodes = self.plan.layout.commands.iter();
        let paths = nodes.map(|&node| &self.plan.layout.nodes[node].path);
        let used = paths.map(|path| self.executor.usage(path).map(|usage| usage.cpu));
        let used = used.collect::<Result<Vec<_>, _>>().map_err(refused)?;
        self.begin = now();
        self.record.begin(&used);
        Ok(())
    }

    /// Until all commands have ended, or the time is up, or somebody ends the run.
    fn watch(&mut self) -> Result<(), Error> {
        let mut window = WINDOW;
        while self.executor.running() > 0 && self.signal.is_none() {
            let next = self.plan.length.map_or(window, |length| length.min(window));
            self.wait(next);
            for told in self.signals.told() {
                match told {
                    Told::End(signal) => self.signal = self.signal.or(Some(signal)),
                    Told::ReadAgain => self.read_again()?,
                    Told::Child => {}
                }
            }
            let ended = self.executor.poll().map_err(refused)?;
            if !ended.is_empty() {
                self.reap(ended)?;
            }
            let time = self.begin.elapsed();
            if time >= window {
                self.look(time)?;
                while window <= time {
                    window += WINDOW;
                }
            }
            let time_is_up = self.plan.length.is_some_and(|length| time >= length);
            if time_is_up && self.executor.running() > 0 {
                self.failed = None;
                break;
            }
        }
        Ok(())
    }

    /// Takes stock of a window.
    fn look(&mut self, time: Duration) -> Result<(), Error> {
        for (at, row) in
            self.record.rows.iter_mut().enumerate().filter(|(_, row)| row.exit.is_none())
        {
            let path = &self.plan.layout.nodes[self.plan.layout.commands[at]].path;
            row.cpu = self.executor.usage(path).map_err(refused)?.cpu;
        }
        if let Some(network) = &self.network {
            network.read(&mut self.record)?;
        }
        self.record.end_window(time);
        if let Some(screen) = &self.screen {
            screen.draw(&self.plan.spec, &self.record);
        }
        Ok(())
    }

    /// Commands have ended by themselves: those who are left get what they had.
    fn reap(&mut self, ended: Vec<Exited>) -> Result<(), Error> {
        let time = self.begin.elapsed();
        let mut running = self.plan.division.running.clone();
        for Exited { name, status, usage } in ended {
            let found = self.plan.spec.commands.iter().position(|command| command.name == name);
            let Some(at) = found else { continue };
            running[at] = false;
            let row = &mut self.record.rows[at];
            (row.exit, row.cpu) = (Some(status), usage.cpu);
            if !status.success() && self.failed.is_none() {
                self.failed = Some(super::report::code(status));
            }
        }
        let capacity = self.plan.division.capacity;
        let Some(division) = Division::of_running(&self.plan.spec, &running, capacity) else {
            return Ok(());
        };
        if division.scaled_down && !self.plan.division.scaled_down {
            self.say(
                "more is reserved or hard than there is, now that a command has ended: \
                 reservations are scaled down",
            );
        }
        self.record.decide(time, &division);
        self.plan.division = division;
        if self.executor.running() > 0 { self.adapt() } else { Ok(()) }
    }

    /// Reads the specification again. A bad one is complained about, and changes nothing.
    fn read_again(&mut self) -> Result<(), Error> {
        let Plan { spec, original, division, .. } = &self.plan;
        match again::read(original, spec, division) {
            Ok(changed) => {
                for line in again::differences(spec, &changed.spec) {
                    self.say(&line);
                }
                self.record.decide(self.begin.elapsed(), &changed.division);
                self.plan.spec = changed.spec;
                self.plan.division = changed.division;
                let spec = &self.plan.spec;
                let network = self.network.as_mut();
                if let Err(error) = network.map_or(Ok(()), |network| network.change(spec)) {
                    self.say(&format!("{error}; all keep the bandwidth that they had"));
                }
                self.adapt()
            }
            Err(error) => {
                self.say(&format!("{error}; nothing is changed"));
                Ok(())
            }
        }
    }

    /// Asks what still runs to end, kills it if it does not, or when told so again, and removes the
    /// groups.
    fn end(&mut self) -> Result<(), Error> {
        if self.executor.running() > 0 {
            self.look(self.begin.elapsed())?;
        } else {
            self.record.end_window(self.begin.elapsed());
        }
        self.executor.terminate();
        let until = self.begin.elapsed() + GRACE;
        let mut hurried = false;
        while self.executor.running() > 0 && !hurried && self.begin.elapsed() < until {
            self.wait(until);
            hurried = self.signals.told().iter().any(|told| matches!(told, Told::End(_)));
            self.executor.poll().map_err(refused)?;
        }
        let killed = self.executor.kill().map_err(refused);
        let removed = self.executor.remove().map_err(refused);
        let closed = self.network.take().map_or(Ok(()), |network| {
            network.read(&mut self.record)?;
            network.close()
        });
        self.drain();
        if let Some(screen) = self.screen.take() {
            screen.clear();
        }
        killed.and(removed).and(closed)
    }

    /// Waits for signals and for what the commands print, until a time of the run.
    fn wait(&mut self, until: Duration) {
        let left = until.saturating_sub(self.begin.elapsed());
        self.poll_once(left);
    }

    /// Shows what the commands have printed at last.
    fn drain(&mut self) {
        for _ in 0..MOST_DRAINED {
            if !self.poll_once(Duration::ZERO) {
                break;
            }
        }
    }

    /// Whether something was printed.
    fn poll_once(&mut self, timeout: Duration) -> bool {
        let mut sources = vec![PollFd::from_borrowed_fd(self.signals.as_fd(), PollFlags::IN)];
        if let Some(screen) = &self.screen {
            let flags = PollFlags::IN;
            sources.extend(screen.sources().map(|source| PollFd::from_borrowed_fd(source, flags)));
        }
        let timeout = Timespec::try_from(timeout).ok();
        // Whatever interrupts it is looked at by the caller.
        let _ = poll(&mut sources, timeout.as_ref());
        let ready: Vec<bool> =
            sources[1..].iter().map(|source| !source.revents().is_empty()).collect();
        let printed = ready.contains(&true);
        if let Some(screen) = self.screen.as_mut().filter(|_| printed) {
            screen.relay(&ready);
        }
        printed
    }

    /// A line on standard error.
    fn say(&self, line: &str) {
        let line = format!("apportion: {}", line.replace(char::is_control, " "));
        match &self.screen {
            Some(screen) => screen.say(&line),
            // Nobody is left to be told.
            None => drop(writeln!(io::stderr(), "{line}")),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn refused(error: HostError) -> Error {
    Error::Usage(error.to_string())
}

/// How often CPU times are read.
const WINDOW: Duration = Duration::from_millis(250);
/// How long commands may take to end when they are asked to.
const GRACE: Duration = Duration::from_secs(2);
const MOST_DRAINED: u32 = 10_000;
/// How far a share may be off without a word, of 1.
const WORTH_TELLING: f64 = 0.005;
