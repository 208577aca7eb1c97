//! What an engagement is about: applications, what they run on, and what needs what.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use time::Date;
use uuid::Uuid;

use super::{
    derived,
    portfolio::{Application, Criticality},
    products::{Product, Stack, Vintage, technology},
    random::Random,
};

/// An asset as it will be stored; fields as in `migration.assets`.
#[derive(Clone, Debug, Default)]
pub(super) struct Asset {
    pub(super) id: Uuid,
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) hostname: Option<String>,
    pub(super) fqdn: Option<String>,
    pub(super) description: Option<String>,
    pub(super) ip_address: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) location: Option<String>,
    pub(super) datacenter: Option<String>,
    pub(super) rack: Option<String>,
    pub(super) operating_system: Option<String>,
    pub(super) os_version: Option<String>,
    pub(super) cpu_cores: Option<u32>,
    pub(super) memory_gb: Option<u32>,
    pub(super) storage_gb: Option<u32>,
    pub(super) business_owner: Option<String>,
    pub(super) technical_owner: Option<String>,
    pub(super) department: Option<String>,
    pub(super) application_name: Option<String>,
    pub(super) technology: Option<String>,
    pub(super) criticality: Option<String>,
    pub(super) status: Option<String>,
    pub(super) custom_attributes: Map<String, Value>,
    pub(super) technical_details: Map<String, Value>,
    /// Names that the source row gave.
    pub(super) dependencies: Vec<String>,
    pub(super) cpu_use: Option<u32>,
    pub(super) memory_use: Option<u32>,
    /// Per month, in hundredths of the currency.
    pub(super) cost: Option<u32>,
    /// The product whose support ends first of those it runs on.
    pub(super) product: Option<Product>,
    /// Index of its application in [`Estate::blocks`].
    pub(super) block: Option<usize>,
}

/// `from` needs `to`; both are indexes of assets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: &'static str,
    /// Whether the source file named it; otherwise the network told.
    pub(super) named: bool,
}

/// A part of an application that a 6R decision is made for.
#[derive(Clone, Debug)]
pub(super) struct Tier {
    pub(super) kind: &'static str,
    /// Its hosts, or its databases.
    pub(super) assets: Vec<usize>,
}

/// An application with what belongs to it alone.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) application: &'static Application,
    /// Index of the application itself.
    pub(super) asset: usize,
    pub(super) tiers: Vec<Tier>,
}

/// Everything an engagement has.
#[derive(Clone, Debug, Default)]
pub(super) struct Estate {
    pub(super) assets: Vec<Asset>,
    pub(super) edges: Vec<Edge>,
    pub(super) blocks: Vec<Block>,
}

impl Estate {
    pub(super) fn add(&mut self, asset: Asset) -> usize {
        self.assets.push(asset);
        self.assets.len() - 1
    }

    pub(super) fn needs(&mut self, from: usize, to: usize, kind: &'static str, named: bool) {
        self.edges.push(Edge { from, to, kind, named });
    }
}

/// One place with hosts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    /// Begins the names of its hosts.
    pub(super) code: &'static str,
    pub(super) location: &'static str,
    pub(super) datacenter: &'static str,
}

/// Where an engagement's systems stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The first is the main one, the second what it fails over to.
    pub(super) sites: [Site; 2],
    pub(super) domain: &'static str,
    /// Second byte of its addresses.
    pub(super) network: u8,
}

const PRODUCTION: Environment = Environment { name: "production", letter: 'p', label: "PROD", subnet: 10 };
const STAGING: Environment = Environment { name: "staging", letter: 's', label: "STAGE", subnet: 60 };
const TESTING: Environment = Environment { name: "testing", letter: 't', label: "TEST", subnet: 90 };
const DEVELOPMENT: Environment = Environment { name: "development", letter: 'd', label: "DEV", subnet: 120 };
const RECOVERY: Environment = Environment { name: "dr", letter: 'r', label: "DR", subnet: 150 };
/// What all environments share.
const SHARED: Environment = Environment { name: "production", letter: 'n', label: "NET", subnet: 200 };

#[derive(Clone, Copy, Debug)]
struct Environment {
    name: &'static str,
    letter: char,
    label: &'static str,
    subnet: u32,
}

/// Hands out addresses, none of them twice.
#[derive(Clone, Debug)]
enum Addresses {
    /// 10.`network`.x.y, with subnets by environment.
    Small { network: u8, used: Box<[u32; 256]> },
    /// All of 10.0.0.0/8, one after the other.
    Large { used: u32 },
}

impl Addresses {
    fn next(&mut self, environment: Environment) -> String {
        match self {
            Self::Small { network, used } => {
                let number = &mut used[environment.subnet as usize];
                *number += 1;
                format!("10.{network}.{}.{}", environment.subnet + *number / 250, *number % 250 + 4)
            }
            Self::Large { used } => {
                *used += 1;
                format!("10.{}.{}.{}", *used >> 16, (*used >> 8) & 255, *used & 255)
            }
        }
    }
}

/// The shared devices of a site.
struct Devices {
    access: Vec<usize>,
    storage: Vec<usize>,
    balancers: Vec<usize>,
}

/// Builds an estate, application by application.
pub(super) struct Builder {
    pub(super) estate: Estate,
    number: u64,
    scope: String,
    place: Place,
    anchor: Date,
    random: Random,
    addresses: Addresses,
    devices: Vec<Devices>,
}

impl Builder {
    /// `scope` tells the ids and the chance of this estate from all others'.
    pub(super) fn new(number: u64, scope: &str, place: Place, anchor: Date) -> Self {
        Self {
            estate: Estate::default(),
            number,
            scope: scope.to_owned(),
            place,
            anchor,
            random: Random::new(number, scope),
            addresses: Addresses::Small { network: place.network, used: Box::new([0; 256]) },
            devices: Vec::new(),
        }
    }

    /// With room for `used` and millions more addresses.
    pub(super) fn with_addresses_from(mut self, used: u32) -> Self {
        self.addresses = Addresses::Large { used };
        self
    }

    /// How many addresses were handed out of all.
    pub(super) fn addresses_used(&self) -> u32 {
        match &self.addresses {
            Addresses::Small { used, .. } => used.iter().sum(),
            Addresses::Large { used } => *used,
        }
    }

    fn asset(&self, kind: &'static str, name: String) -> Asset {
        Asset {
            id: derived(self.number, "asset", &[&self.scope, kind, &name]),
            kind,
            name,
            status: Some("active".to_owned()),
            ..Asset::default()
        }
    }

    fn at(asset: &mut Asset, site: Site, environment: Environment) {
        asset.location = Some(site.location.to_owned());
        asset.datacenter = Some(site.datacenter.to_owned());
        asset.environment = Some(environment.name.to_owned());
    }

    /// Switches, firewalls, load balancers and storage of both sites; `tag` tells their names from those of other calls.
    pub(super) fn infrastructure(&mut self, tag: &str, access_switches: u32) {
        self.devices.clear();
        for (index, site) in self.place.sites.into_iter().enumerate() {
            let access_switches = if index == 0 { access_switches } else { access_switches.div_ceil(2) };
            let mut core = Vec::new();
            for number in 1..=2 {
                let name = format!("{}-core{tag}-sw{number:02}", site.code);
                core.push(self.device(
                    site,
                    "network_device",
                    name,
                    ("Cisco Nexus 9504", "NX-OS 9.3(13)"),
                    64_000,
                ));
            }
            self.estate.needs(core[1], core[0], "network", false);
            for number in 1..=2 {
                let name = format!("{}-edge{tag}-fw{number:02}", site.code);
                let firewall =
                    self.device(site, "network_device", name, ("Palo Alto PA-5220", "PAN-OS 10.2.9"), 71_000);
                self.estate.needs(firewall, core[0], "network", false);
            }
            let mut devices = Devices { access: Vec::new(), storage: Vec::new(), balancers: Vec::new() };
            for number in 1..=access_switches {
                let name = format!("{}-acc{tag}-sw{number:02}", site.code);
                let switch = self.device(
                    site,
                    "network_device",
                    name,
                    ("Cisco Nexus 93180YC", "NX-OS 9.3(13)"),
                    17_500,
                );
                self.estate.needs(switch, core[(number as usize) % 2], "network", false);
                devices.access.push(switch);
            }
            for number in 1..=2 {
                let name = format!("{}-lb{tag}-{number:02}", site.code);
                let balancer =
                    self.device(site, "load_balancer", name, ("F5 BIG-IP i5800", "BIG-IP 15.1.10"), 48_000);
                self.estate.needs(balancer, core[0], "network", false);
                devices.balancers.push(balancer);
                let name = format!("{}-san{tag}-{number:02}", site.code);
                let array = self.device(site, "storage", name, ("NetApp AFF A400", "ONTAP 9.11.1"), 215_000);
                self.estate.assets[array].storage_gb = Some(160_000 + 20_000 * self.random.between(0, 6));
                devices.storage.push(array);
            }
            self.devices.push(devices);
        }
    }

    fn device(
        &mut self,
        site: Site,
        kind: &'static str,
        name: String,
        (model, firmware): (&str, &str),
        cost: u32,
    ) -> usize {
        let mut asset = self.asset(kind, name.clone());
        Self::at(&mut asset, site, SHARED);
        asset.description = Some(model.to_owned());
        asset.hostname = Some(name);
        asset.ip_address = Some(self.addresses.next(SHARED));
        asset.rack = Some(self.rack());
        asset.operating_system = Some(firmware.to_owned());
        asset.technology = Some(model.to_owned());
        asset.criticality = Some(Criticality::High.as_str().to_owned());
        asset.department = Some("IT Operations".to_owned());
        let owner = if kind == "storage" { "Storage Operations" } else { "Network Operations" };
        asset.business_owner = Some(owner.to_owned());
        asset.technical_owner = Some(owner.to_owned());
        asset.cost = Some(cost + 100 * self.random.between(0, 60));
        self.estate.add(asset)
    }

    fn rack(&mut self) -> String {
        format!(
            "{}{:02}-U{:02}",
            self.random.of(&["A", "B", "C", "D"]),
            self.random.between(1, 18),
            self.random.between(2, 40)
        )
    }

    /// Adds `application` with its hosts and databases. `suffix` is added to its names.
    pub(super) fn application(&mut self, application: &'static Application, suffix: &str) {
        let name = format!("{}{suffix}", application.name);
        let technology = technology(application.stack, application.vintage);
        let mut asset = self.asset("application", name.clone());
        Self::at(&mut asset, self.place.sites[0], PRODUCTION);
        asset.description =
            Some(application.purpose).filter(|purpose| !purpose.is_empty()).map(str::to_owned);
        asset.technology = Some(format!("{}, {}", technology.runtime.name, technology.database.name));
        self.owned(&mut asset, application, &name, "Application Support");
        let weight = 1 + application.criticality as u32;
        asset.cost = Some(6_000 * weight * u32::from(application.size) + 100 * self.random.between(0, 45));
        self.supported(&mut asset, technology.runtime);
        let block = self.estate.blocks.len();
        let index = self.estate.add(asset);
        self.estate.blocks.push(Block { application, asset: index, tiers: Vec::new() });

        let code = format!("{}{}", application.code, suffix.trim());
        let mut tiers = vec![
            Tier { kind: "web", assets: Vec::new() },
            Tier { kind: "application", assets: Vec::new() },
            Tier { kind: "database", assets: Vec::new() },
        ];
        for (environment, site, web, app, databases) in self.environments(application) {
            for (tier, role, count) in [(0, "web", web), (1, "app", app)] {
                for number in 1..=count {
                    let host = self.host(application, &name, &code, environment, site, (role, number));
                    tiers[tier].assets.push(host);
                    if environment.letter == PRODUCTION.letter {
                        self.estate.needs(index, host, "hosting", true);
                    }
                }
            }
            let mut first_host = None;
            for number in 1..=databases {
                let host = self.host(application, &name, &code, environment, site, ("db", number));
                let storage = *self.random.of(&self.devices[site].storage);
                self.estate.needs(host, storage, "storage", false);
                first_host.get_or_insert(host);
            }
            // A mainframe keeps data where it computes.
            let host = first_host.or_else(|| tiers[1].assets.last().copied());
            if let Some(host) = host.filter(|_| databases > 0 || application.stack == Stack::Mainframe) {
                let database = self.database(application, &name, &code, environment, site);
                self.estate.needs(database, host, "hosting", true);
                tiers[2].assets.push(database);
                if environment.letter == PRODUCTION.letter {
                    self.estate.needs(index, database, "database", true);
                }
            }
        }
        if !tiers[0].assets.is_empty() {
            let balancer = *self.random.of(&self.devices[0].balancers);
            self.estate.needs(index, balancer, "load_balancing", false);
        }
        tiers.retain(|tier| !tier.assets.is_empty());
        for asset in &mut self.estate.assets[index..] {
            asset.block = Some(block);
        }
        self.estate.blocks[block].tiers = tiers;
    }

    /// Environments of an application: each with the index of its site, and how many web, application and database hosts.
    fn environments(&mut self, application: &Application) -> Vec<(Environment, usize, u32, u32, u32)> {
        if application.stack == Stack::Mainframe {
            return vec![(PRODUCTION, 0, 0, 1, 0)];
        }
        let size = u32::from(application.size);
        let matters = application.criticality >= Criticality::High;
        let has_web = !matches!(application.stack, Stack::Python);
        let web = if has_web { size } else { 0 };
        let mut environments = vec![(PRODUCTION, 0, web, size + u32::from(matters), 1 + u32::from(matters))];
        if matters {
            environments.push((STAGING, 0, 0, 1, 1));
        }
        environments.push((TESTING, 0, 0, 1, u32::from(size > 1)));
        if application.criticality > Criticality::Low || self.random.chance(40) {
            environments.push((DEVELOPMENT, 0, 0, 1, 0));
        }
        if application.criticality == Criticality::Critical {
            environments.push((RECOVERY, 1, 0, 1 + u32::from(size > 2), 1));
        }
        environments
    }

    fn host(
        &mut self,
        application: &Application,
        name: &str,
        code: &str,
        environment: Environment,
        site: usize,
        (role, number): (&str, u32),
    ) -> usize {
        let place = self.place.sites[site];
        let system = technology(application.stack, application.vintage).system;
        let production = environment.letter == PRODUCTION.letter;
        let physical = application.vintage == Vintage::Legacy && production
            || application.stack == Stack::Mainframe
            || (role == "db" && production && application.criticality >= Criticality::High);
        let host = format!("{}{}-{code}-{role}{number:02}", place.code, environment.letter);
        let mut asset = self.asset(if physical { "server" } else { "virtual_machine" }, host.clone());
        Self::at(&mut asset, place, environment);
        asset.fqdn = Some(format!("{host}.{}", self.place.domain));
        asset.hostname = Some(host);
        asset.ip_address = Some(self.addresses.next(environment));
        asset.rack = physical.then(|| self.rack());
        asset.operating_system = Some(system.name.to_owned());
        asset.os_version = Some(system.version.to_owned());
        let (cores, memory) = match (role, application.size) {
            ("web", _) => (*self.random.of(&[2, 4]), *self.random.of(&[8, 16])),
            ("db", 1) => (*self.random.of(&[4, 8]), *self.random.of(&[32, 64])),
            ("db", _) => (*self.random.of(&[8, 16, 32]), *self.random.of(&[64, 128, 256])),
            (_, 1) => (*self.random.of(&[2, 4]), *self.random.of(&[8, 16])),
            _ => (*self.random.of(&[4, 8, 16]), *self.random.of(&[16, 32, 64])),
        };
        asset.cpu_cores = Some(cores);
        asset.memory_gb = Some(memory);
        asset.storage_gb = Some(match role {
            "db" => 250 * self.random.between(2, 16),
            _ => 40 * self.random.between(2, 10),
        });
        asset.cpu_use =
            Some(if production { self.random.between(12, 78) } else { self.random.between(2, 25) });
        asset.memory_use = Some(self.random.between(25, 92));
        asset.cost = Some(match physical {
            true => 9_000 + 1_800 * cores + 350 * memory,
            false => 2_500 + 900 * cores + 220 * memory,
        });
        let operations = match system.name {
            name if name.starts_with("Windows") => "Windows Operations",
            name if name.starts_with("z/OS") => "Mainframe Operations",
            _ => "Linux Operations",
        };
        self.owned(&mut asset, application, name, operations);
        if !production && self.random.chance(4) {
            asset.status = Some("maintenance".to_owned());
        }
        self.supported(&mut asset, system);
        let index = self.estate.add(asset);
        if physical {
            let switch = *self.random.of(&self.devices[site].access);
            self.estate.needs(index, switch, "network", false);
        }
        index
    }

    fn database(
        &mut self,
        application: &Application,
        name: &str,
        code: &str,
        environment: Environment,
        site: usize,
    ) -> usize {
        let product = technology(application.stack, application.vintage).database;
        let mut asset = self.asset("database", format!("{}_{}", code.to_uppercase(), environment.label));
        Self::at(&mut asset, self.place.sites[site], environment);
        asset.technology = Some(product.name.to_owned());
        let storage = 20 * self.random.between(2, 60) * u32::from(application.size);
        asset.storage_gb = Some(storage);
        let licence = match product.name.split(' ').next() {
            Some("Oracle") => 138_000,
            Some("SQL") => 61_000,
            Some("Db2") => 224_000,
            _ => 9_500,
        };
        let share = if environment.letter == PRODUCTION.letter { 1 } else { 4 };
        asset.cost = Some(licence / share + 6 * storage);
        self.owned(&mut asset, application, name, "Database Operations");
        self.supported(&mut asset, product);
        self.estate.add(asset)
    }

    fn owned(&self, asset: &mut Asset, application: &Application, name: &str, operations: &str) {
        asset.application_name = Some(name.to_owned());
        asset.department = Some(application.department.to_owned());
        asset.business_owner = Some(application.owner.to_owned());
        asset.technical_owner = Some(operations.to_owned());
        // What nobody works with in earnest is less critical than the application.
        let criticality = match asset.environment.as_deref() {
            Some("production" | "dr") => application.criticality,
            _ => Criticality::Low,
        };
        asset.criticality = Some(criticality.as_str().to_owned());
    }

    fn supported(&self, asset: &mut Asset, product: Product) {
        let (end, anchor) = (product.end(), self.anchor);
        let status = if product.has_ended(anchor) {
            "end_of_life"
        } else if product.ends_soon(anchor) {
            "ends_soon"
        } else {
            "supported"
        };
        asset.technical_details.insert("product".to_owned(), product.name.into());
        asset.technical_details.insert("product_version".to_owned(), product.version.into());
        asset.technical_details.insert("support_status".to_owned(), status.into());
        if let Some(end) = end {
            asset.technical_details.insert("end_of_support".to_owned(), end.into());
        }
        asset.product = Some(product);
    }

    /// Lets the applications call each other, as their portfolio says, from the block `first` on.
    pub(super) fn calls(&mut self, first: usize) {
        let mut calls = Vec::new();
        for caller in &self.estate.blocks[first..] {
            for code in caller.application.calls {
                let called = self.estate.blocks[first..].iter().find(|block| block.application.code == *code);
                // Of a portfolio that is cut off, not every application is there.
                calls.extend(called.map(|called| (caller.asset, called.asset)));
            }
        }
        for (caller, called) in calls {
            self.estate.needs(caller, called, "api", true);
        }
    }

    /// The estate, with what its files name as dependencies.
    pub(super) fn finish(mut self) -> Estate {
        name_dependencies(&mut self.estate);
        self.estate
    }
}

/// Lets every asset say what its source row names.
pub(super) fn name_dependencies(estate: &mut Estate) {
    for index in 0..estate.edges.len() {
        let edge = estate.edges[index];
        if edge.named {
            let name = estate.assets[edge.to].name.clone();
            estate.assets[edge.from].dependencies.push(name);
        }
    }
}

/// `word_word` as a person writes it: `Word Word`.
pub(super) fn titled(word: &str) -> String {
    let mut text = String::new();
    for part in word.split('_') {
        if !text.is_empty() {
            text.push(' ');
        }
        let mut letters = part.chars();
        if let Some(first) = letters.next() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}{}", first.to_uppercase(), letters.as_str());
        }
    }
    if text == "Dr" { "DR".to_owned() } else { text }
}
