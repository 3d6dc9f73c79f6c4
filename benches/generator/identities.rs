//! Who calls: thousands of principals of every identity type, and their sessions.

use super::services::{Api, Apis};
use super::styles::{STYLES, Style};
use super::text::{Scope, Weighted, chance, fill, filled, pick, rfc3339, seeded, skewed};
use fastrand::Rng;
use std::cmp::Reverse;
use std::ops::Range;

const ACCOUNTS: [&str; 3] = ["104827396155", "438190275561", "790263518840"];
const REGIONS: [&str; 4] = ["us-east-1", "eu-central-1", "us-west-2", "ap-southeast-2"];

/// A region of an account.
#[derive(Clone, Copy, PartialEq)]
pub struct Place {
    account: usize,
    region: usize,
}

impl Place {
    pub fn all() -> Vec<Self> {
        let regions = 0..REGIONS.len();
        regions.flat_map(|region| (0..ACCOUNTS.len()).map(move |account| Self { account, region })).collect()
    }

    pub fn account(self) -> &'static str {
        ACCOUNTS[self.account]
    }

    pub fn region(self) -> &'static str {
        REGIONS[self.region]
    }

    /// Where the services are that have no region.
    pub fn is_global(self) -> bool {
        self.region == 0
    }
}

pub struct Principal {
    style: &'static Style,
    seed: u64,
    account: &'static str,
    name: String,
    id: String,
    /// Access key of those who have a permanent one.
    key: String,
    addresses: Vec<String>,
    agents: Vec<String>,
    /// Indexes of the calls it mostly makes.
    habits: Vec<usize>,
    /// Seconds from one new session to the next.
    period: i64,
}

/// The temporary credentials a principal has for an hour.
pub struct Session {
    pub name: String,
    pub key: String,
    pub created: i64,
}

/// A principal in one of its sessions, at the moment of a call.
pub struct Caller<'a> {
    pub principal: &'a Principal,
    pub session: Session,
    pub address: &'a str,
    pub agent: &'a str,
    /// The service that calls on behalf of the principal.
    invoked_by: Option<&'static str>,
}

pub struct Population {
    /// By account, then by style.
    principals: Vec<Vec<Vec<Principal>>>,
    shares: Weighted,
}

impl Population {
    pub fn new(apis: &Apis) -> Self {
        let of_style = |account, style: &'static Style| {
            (0..style.members).map(|number| Principal::new(style, account, number, apis)).collect()
        };
        Self {
            principals: (ACCOUNTS.iter())
                .map(|account| STYLES.iter().map(|style| of_style(account, style)).collect())
                .collect(),
            shares: Weighted::new(STYLES.iter().map(|style| style.share)),
        }
    }

    /// Anybody, the busy ones and those at home in the region more often.
    pub fn draw(&self, place: Place, rng: &mut Rng) -> &Principal {
        loop {
            let members = &self.principals[place.account][self.shares.draw(rng)];
            let principal = &members[skewed(rng, members.len())];
            if principal.is_at_home(place) || chance(rng, 0.1) {
                return principal;
            }
        }
    }

    pub fn draw_role(&self, place: Place, rng: &mut Rng) -> &Principal {
        loop {
            let principal = self.draw(place, rng);
            if principal.is_role() {
                return principal;
            }
        }
    }

    /// Somebody who may call anything, is no service, and seldom calls.
    pub fn draw_quiet(&self, place: Place, rng: &mut Rng) -> &Principal {
        loop {
            let members = &self.principals[place.account][self.shares.draw(rng)];
            let principal = &members[rng.usize(members.len() / 2..members.len())];
            if principal.may_call_anything() && !is_service(&principal.addresses[0]) {
                return principal;
            }
        }
    }

    /// The sessions of roles that begin in these seconds, those of busy roles last. Each begins in
    /// one region only.
    pub fn sessions_beginning(&self, place: Place, seconds: Range<i64>, rng: &mut Rng) -> Vec<(&Principal, Session)> {
        let principals = self.principals[place.account].iter().flatten();
        let roles = principals.filter(|role| role.is_role() && role.is_at_home(place));
        let latest = roles.map(|role| (role, role.session(role.session_at(seconds.end - 1))));
        let mut sessions: Vec<_> = latest.filter(|(_, session)| seconds.contains(&session.created)).collect();
        rng.shuffle(&mut sessions);
        sessions.sort_by_key(|(role, _)| Reverse(role.period));
        sessions
    }
}

impl Principal {
    fn new(style: &'static Style, account: &'static str, number: usize, apis: &Apis) -> Self {
        let label = format!("{account} {} {}", style.name, style.session);
        let rng = &mut seeded(&label, number as u64);
        let name = filled(style.name, rng, Scope::new(0, &[("account", account)]));
        let values = [("account", account), ("name", &*name)];
        let scope = Scope::new(0, &values);
        let only: Vec<usize> = style.calls.iter().map(|call| apis.number_of(call)).collect();
        Self {
            style,
            seed: rng.u64(..),
            account,
            id: filled(style.id, rng, scope),
            key: filled(style.key, rng, scope),
            addresses: (0..rng.usize(1..8)).map(|_| filled(style.addresses, rng, scope)).collect(),
            agents: (0..rng.usize(1..4))
                .map(|_| {
                    // A family of agents has a handful of versions, not one for each principal.
                    let mut version = seeded("agent", rng.u64(..16));
                    filled(pick(rng, style.agents), &mut version, scope)
                })
                .collect(),
            habits: match only.is_empty() {
                true => (0..rng.usize(4..16)).map(|_| apis.draw(rng)).collect(),
                false => only,
            },
            period: if number < 20 { 900 } else { 3600 },
            name,
        }
    }

    pub fn may_call_anything(&self) -> bool {
        self.style.calls.is_empty()
    }

    pub fn is_role(&self) -> bool {
        self.style.id.starts_with("AROA")
    }

    fn is_at_home(&self, place: Place) -> bool {
        self.seed as usize % REGIONS.len() == place.region
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it calls: mostly its habits.
    pub fn api<'a>(&self, apis: &'a Apis, rng: &mut Rng) -> &'a Api {
        let habit = !self.may_call_anything() || chance(rng, 0.6);
        let api = if habit { self.habits[skewed(rng, self.habits.len())] } else { apis.draw(rng) };
        &apis.all[api]
    }

    /// The number of the newest session at a time.
    pub fn session_at(&self, time: i64) -> i64 {
        (time - self.offset()).div_euclid(self.period)
    }

    fn offset(&self) -> i64 {
        (self.seed >> 8) as i64 % self.period
    }

    /// The session of a number: all of it follows from principal and number, so that files made
    /// independently agree on it.
    pub fn session(&self, number: i64) -> Session {
        let values = [("account", self.account), ("name", &*self.name)];
        let scope = Scope::new(0, &values);
        let seat = number.rem_euclid(self.style.seats);
        let mut seat = seeded("seat", self.seed ^ seat as u64);
        let mut rng = seeded("session", self.seed ^ number as u64);
        Session {
            name: filled(self.style.session, &mut seat, scope),
            key: filled("ASIA{code}", &mut rng, scope),
            created: number * self.period + self.offset(),
        }
    }

    /// This principal making a call, in one of the sessions that are not older than an hour.
    pub fn calling(&self, time: i64, rng: &mut Rng) -> Caller<'_> {
        let age = rng.i64(0..3600 / self.period);
        let mut caller = self.calling_in(self.session_at(time) - age, rng);
        if self.may_call_anything() && chance(rng, 0.07) {
            let service = pick(rng, INVOKERS);
            (caller.address, caller.agent) = (service, service);
            caller.invoked_by = Some(service);
        }
        caller
    }

    pub fn calling_in(&self, session: i64, rng: &mut Rng) -> Caller<'_> {
        Caller {
            principal: self,
            session: self.session(session),
            address: &self.addresses[skewed(rng, self.addresses.len())],
            agent: &self.agents[skewed(rng, self.agents.len())],
            invoked_by: None,
        }
    }
}

fn is_service(address: &str) -> bool {
    address.ends_with(".amazonaws.com") || address == "AWS Internal"
}

impl Caller<'_> {
    /// The ARN that error messages mention.
    pub fn arn(&self) -> String {
        let Principal { account, name, .. } = self.principal;
        if self.principal.is_role() {
            format!("arn:aws:sts::{account}:assumed-role/{name}/{}", self.session.name)
        } else {
            format!("arn:aws:iam::{account}:user/{name}")
        }
    }

    pub fn is_service(&self) -> bool {
        is_service(self.address)
    }

    pub fn is_console(&self) -> bool {
        self.agent.starts_with("Mozilla")
    }

    /// Appends the object `userIdentity`.
    pub fn write(&self, out: &mut String, rng: &mut Rng) {
        let created = rfc3339(self.session.created);
        let values = [
            ("account", self.principal.account),
            ("name", &self.principal.name),
            ("id", &self.principal.id),
            ("key", &self.principal.key),
            ("session", &self.session.name),
            ("sessionKey", &self.session.key),
            ("created", &created),
            ("mfa", if self.is_console() { "true" } else { "false" }),
        ];
        fill(out, self.principal.style.identity, rng, Scope::new(self.session.created, &values));
        if let Some(service) = self.invoked_by {
            *out += r#","invokedBy":""#;
            *out += service;
            out.push('"');
        }
        out.push('}');
    }
}

#[rustfmt::skip]
const INVOKERS: &[&str] = &[
    "cloudformation.amazonaws.com", "athena.amazonaws.com", "secretsmanager.amazonaws.com", "AWS Internal",
    "autoscaling.amazonaws.com", "ssm.amazonaws.com", "lambda.amazonaws.com", "dynamodb.amazonaws.com",
];
