//! What a record of a GeoIP database says, in whichever of two forms: MaxMind's, nested, which DB-IP has too, and
//! IPinfo's, flat.

use std::cmp::Reverse;

use serde::Deserialize;
use serde_json::Value;

/// The fields of either form. Those of other names are not read; a value of another type than expected says nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Record {
    // both; an object in MaxMind's form, text in IPinfo's
    continent: Value,
    country: Value,
    city: Value,
    // MaxMind's
    subdivisions: Value,
    location: Value,
    traits: Value,
    autonomous_system_number: Value,
    autonomous_system_organization: Value,
    // IPinfo's
    continent_name: Value,
    country_code: Value,
    country_name: Value,
    region: Value,
    lat: Value,
    lng: Value,
    latitude: Value,
    longitude: Value,
    asn: Value,
    as_name: Value,
    name: Value,
    org: Value,
}

/// Where an address is.
#[derive(Debug, Default, PartialEq)]
pub struct Place {
    pub continent_name: Option<String>,
    pub country_iso_code: Option<String>,
    pub country_name: Option<String>,
    pub region_name: Option<String>,
    pub city_name: Option<String>,
    /// Latitude and longitude.
    pub coordinates: Option<(f64, f64)>,
}

/// Whose network an address is in: an autonomous system.
#[derive(Debug, Default, PartialEq)]
pub struct Network {
    pub number: Option<i64>,
    pub organization: Option<String>,
}

/// Both, and which databases say so, by number.
#[derive(Debug, Default, PartialEq)]
pub struct Facts {
    pub place: Place,
    pub network: Network,
    /// The network of addresses that they are about.
    pub prefix: String,
    pub place_database: Option<i32>,
    pub network_database: Option<i32>,
}

impl Record {
    /// What it says about a network of addresses, if anything.
    pub fn facts(&self, prefix: &str) -> Option<Facts> {
        let facts =
            Facts { place: self.place(), network: self.network(), prefix: prefix.to_owned(), ..Facts::default() };
        (facts.place != Place::default() || facts.network != Network::default()).then_some(facts)
    }

    fn place(&self) -> Place {
        // IPinfo's `country` is a code in some of its databases, a name in others
        let (code, full_name) = match text(&self.country) {
            Some(country) if is_country_code(&country) => (Some(country), None),
            country => (None, country),
        };
        Place {
            continent_name: name(&self.continent["names"])
                .or_else(|| text(&self.continent_name))
                .or_else(|| text(&self.continent).filter(|name| name.len() > 2)),
            country_iso_code: text(&self.country["iso_code"])
                .or_else(|| text(&self.country_code))
                .filter(|code| is_country_code(code))
                .or(code),
            country_name: name(&self.country["names"]).or_else(|| text(&self.country_name)).or(full_name),
            region_name: name(&self.subdivisions[0]["names"]).or_else(|| text(&self.region)),
            city_name: name(&self.city["names"]).or_else(|| text(&self.city)),
            coordinates: coordinates(&self.location["latitude"], &self.location["longitude"])
                .or_else(|| coordinates(&self.latitude, &self.longitude))
                .or_else(|| coordinates(&self.lat, &self.lng)),
        }
    }

    fn network(&self) -> Network {
        let [number_field, organization_field] = ["autonomous_system_number", "autonomous_system_organization"];
        let number = [&self.autonomous_system_number, &self.traits[number_field], &self.asn];
        let number = number.into_iter().find_map(as_number);
        let organization = [&self.autonomous_system_organization, &self.traits[organization_field], &self.as_name];
        let organization = organization.into_iter().find_map(text);
        // fields of so common names only mean a network beside a number
        let beside = || number.and_then(|_| text(&self.name).or_else(|| text(&self.org)));
        Network { number, organization: organization.or_else(beside) }
    }
}

impl Facts {
    /// What several databases know of one address. Its place is from the one that knows most of it, the earlier of two that
    /// know as much; what that lacks is filled from others, unless they place the address in another country. So is its
    /// network.
    pub fn merge(mut known: Vec<(i32, Self)>) -> Option<Self> {
        known.sort_by_key(|(_, facts)| {
            Reverse((facts.place.city_name.is_some(), facts.place.coordinates.is_some(), facts.has_place()))
        });
        let mut known = known.into_iter();
        let (id, mut merged) = known.next()?;
        merged.place_database = merged.has_place().then_some(id);
        merged.network_database = merged.has_network().then_some(id);
        for (id, facts) in known {
            if !merged.has_network() && facts.has_network() {
                merged.network_database = Some(id);
            }
            merged.place.fill(facts.place);
            merged.network.fill(facts.network);
        }
        Some(merged)
    }

    fn has_place(&self) -> bool {
        self.place != Place::default()
    }

    fn has_network(&self) -> bool {
        self.network != Network::default()
    }
}

impl Place {
    fn fill(&mut self, other: Self) {
        let contradicts = match (&self.country_iso_code, &other.country_iso_code) {
            (Some(own), Some(other)) => own != other,
            _ => false,
        };
        if contradicts {
            return;
        }
        fill(&mut self.continent_name, other.continent_name);
        fill(&mut self.country_iso_code, other.country_iso_code);
        fill(&mut self.country_name, other.country_name);
        fill(&mut self.region_name, other.region_name);
        fill(&mut self.city_name, other.city_name);
        fill(&mut self.coordinates, other.coordinates);
    }
}

impl Network {
    fn fill(&mut self, other: Self) {
        let contradicts = self.number.is_some() && other.number.is_some() && self.number != other.number;
        if !contradicts {
            fill(&mut self.number, other.number);
            fill(&mut self.organization, other.organization);
        }
    }
}

fn fill<T>(own: &mut Option<T>, other: Option<T>) {
    *own = own.take().or(other);
}

/// The longest name that is believed, in characters.
const LONGEST: usize = 200;

fn text(value: &Value) -> Option<String> {
    let text: String = value.as_str()?.trim().chars().take(LONGEST).collect();
    (!text.is_empty()).then_some(text)
}

/// The English one of names by language, else any.
fn name(names: &Value) -> Option<String> {
    text(&names["en"]).or_else(|| names.as_object()?.values().find_map(text))
}

fn is_country_code(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// 15169, or "AS15169".
fn as_number(value: &Value) -> Option<i64> {
    let number = match value {
        Value::String(text) => text.trim().trim_start_matches("AS").parse().ok(),
        value => value.as_i64(),
    };
    number.filter(|number| (1..=i64::from(u32::MAX)).contains(number))
}

fn coordinates(latitude: &Value, longitude: &Value) -> Option<(f64, f64)> {
    let degrees = |value: &Value, most: f64| {
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        // whatever is not a number is within no bounds
        number.filter(|number: &f64| number.abs() <= most)
    };
    Some((degrees(latitude, 90.0)?, degrees(longitude, 180.0)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn facts(record: Value) -> Option<Facts> {
        serde_json::from_value::<Record>(record).expect("a record").facts("192.0.2.0/24")
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_record_of_maxmind_is_nested() {
        let city = facts(json!({
            "continent": {"code": "EU", "names": {"de": "Europa", "en": "Europe"}},
            "country": {"iso_code": "SE", "names": {"en": "Sweden"}},
            "registered_country": {"iso_code": "DE", "names": {"en": "Germany"}},
            "subdivisions": [{"iso_code": "E", "names": {"en": "Östergötland County"}}, {"names": {"en": "inner"}}],
            "city": {"names": {"sv": "Linköping"}},
            "location": {"latitude": 58.4167, "longitude": 15.6167},
            "traits": {"autonomous_system_number": 29518, "autonomous_system_organization": "Bredband2 AB"},
        }));
        let place = Place {
            continent_name: some("Europe"),
            country_iso_code: some("SE"),
            country_name: some("Sweden"),
            region_name: some("Östergötland County"),
            city_name: some("Linköping"),
            coordinates: Some((58.4167, 15.6167)),
        };
        let network = Network { number: Some(29518), organization: some("Bredband2 AB") };
        assert_eq!(city, Some(Facts { place, network, prefix: "192.0.2.0/24".to_owned(), ..Facts::default() }));
        let asn = facts(json!({"autonomous_system_number": 64496, "autonomous_system_organization": "Example"}));
        assert_eq!(asn.expect("facts").network, Network { number: Some(64496), organization: some("Example") });
    }

    #[test]
    fn a_record_of_ipinfo_is_flat() {
        let lite = facts(json!({
            "continent": "Europe", "continent_code": "EU", "country": "Sweden", "country_code": "SE",
            "asn": "AS29518", "as_name": "Bredband2 AB", "as_domain": "bredband2.com",
        }));
        let location = facts(json!({
            "city": "Linköping", "region": "Östergötland", "country": "SE", "country_name": "Sweden",
            "continent": "EU", "continent_name": "Europe", "lat": "58.4167", "lng": "15.6167",
            "asn": "AS29518", "name": "Bredband2 AB",
        }));
        let [lite, location] = [lite, location].map(|facts| facts.expect("facts"));
        for Facts { place, network, .. } in [&lite, &location] {
            assert_eq!(place.continent_name, some("Europe"));
            assert_eq!((&place.country_iso_code, &place.country_name), (&some("SE"), &some("Sweden")));
            assert_eq!(*network, Network { number: Some(29518), organization: some("Bredband2 AB") });
        }
        assert_eq!(
            (location.place.city_name, location.place.coordinates),
            (some("Linköping"), Some((58.4167, 15.6167)))
        );
        assert_eq!(location.place.region_name, some("Östergötland"));
    }

    #[test]
    fn what_makes_no_sense_is_not_believed() {
        for record in [
            json!({}),
            json!({"country": {"iso_code": "sweden"}, "location": {"latitude": 91.0, "longitude": 0.0}}),
            json!({"country": 7, "city": ["x"], "lat": "north", "lng": "NaN", "asn": "AS0", "name": "no number"}),
            json!({"country": {"names": {"en": "  "}}, "autonomous_system_number": 4_294_967_296_i64}),
            json!({"is_anonymous": true, "connection_type": "Cable/DSL", "domain": "example.com"}),
        ] {
            assert_eq!(facts(record.clone()), None, "{record}");
        }
        let long = facts(json!({"city": "x".repeat(10_000)})).expect("facts");
        assert_eq!(long.place.city_name.map(|name| name.len()), Some(LONGEST));
    }

    #[test]
    fn databases_fill_what_others_lack_but_do_not_mix_two_places() {
        let country = || (1, facts(json!({"country": "DE", "country_name": "Germany"})).expect("facts"));
        let city = || (2, facts(json!({"country": "DE", "city": "Berlin", "lat": 52.5, "lng": 13.4})).expect("facts"));
        let elsewhere = || (3, facts(json!({"country": "FR", "region": "Bretagne"})).expect("facts"));
        let asn = || (4, facts(json!({"asn": "AS64500", "name": "Example"})).expect("facts"));
        let merged = Facts::merge(vec![country(), elsewhere(), asn(), city()]).expect("facts");
        assert_eq!((merged.place_database, merged.network_database), (Some(2), Some(4)));
        assert_eq!((merged.place.city_name, merged.place.country_name), (some("Berlin"), some("Germany")));
        assert_eq!((merged.place.region_name, merged.network.number), (None, Some(64500)));
        let first = Facts::merge(vec![asn(), country(), elsewhere()]).expect("facts");
        assert_eq!((first.place_database, first.place.country_iso_code), (Some(1), some("DE")));
        assert_eq!(Facts::merge(Vec::new()), None);
    }
}
