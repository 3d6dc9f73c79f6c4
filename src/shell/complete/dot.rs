//! Completion of dot commands: the name, then what the command takes.

use std::fs;
use std::path::Path;

use chrono_tz::TZ_VARIANTS;
use clap::ValueEnum;

use super::offers::Offers;
use super::values::{alerts, argument_values};
use crate::catalog::{CATALOG, Kind};
use crate::shell::commands::{COMMANDS, Completes};
use crate::shell::settings::Mode;
use crate::shell::vocabulary::{Names, Vocabulary, parameter_text, query};

/// Whether a line is a dot command, or begins as one.
pub fn is_command(line: &str) -> bool {
    line.trim_start().starts_with('.')
}

pub(super) fn complete(vocabulary: &Vocabulary, line: &str, cursor: usize) -> Offers {
    let begin = line[..cursor].rfind(char::is_whitespace).map_or(0, |at| at + width(&line[at..]));
    let end = line[cursor..].find(char::is_whitespace).map_or(line.len(), |at| cursor + at);
    let typed = &line[begin..cursor];
    let before: Vec<_> = line[..begin].split_whitespace().collect();
    let mut offers = Offers::new(typed, begin..end);
    let Some((name, arguments)) = before.split_first() else {
        offer_commands(&mut offers, 0);
        return offers;
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == *name) else { return offers };
    let names = vocabulary.names();
    match command.completes {
        Completes::Query if !arguments.is_empty() => {
            return arguments_of(vocabulary, arguments, typed, begin, begin..end);
        }
        // these take one argument
        _ if !arguments.is_empty() => {}
        Completes::Nothing => {}
        Completes::File => offer_files(&mut offers, typed),
        Completes::Relation => offer_relations(&mut offers, &names),
        Completes::Query => offer_queries(&mut offers),
        Completes::AnyName => {
            offer_relations(&mut offers, &names);
            offer_queries(&mut offers);
            for rule in &CATALOG.detections {
                offers.offer(0, &rule.name, rule.name.clone(), format!("detection. {}", rule.title));
            }
            for function in names.functions.iter().filter(|function| !function.internal || !typed.is_empty()) {
                let group = if function.internal { 3 } else { 2 };
                let description = format!("{}. {}", function.kind_name(), function.description);
                offers.offer(group, &function.name, function.name.clone(), description);
            }
            offer_commands(&mut offers, 4);
        }
        Completes::Alert => {
            for (event_id, description) in alerts(vocabulary) {
                offers.offer(0, &event_id, event_id.clone(), description);
            }
        }
        Completes::Command => {
            offer_commands(&mut offers, 0);
            for command in COMMANDS {
                let bare = &command.name[1..];
                if !typed.is_empty() {
                    offers.offer(1, bare, bare.to_owned(), command.help.to_owned());
                }
            }
        }
        Completes::Mode => {
            for mode in Mode::value_variants().iter().filter_map(ValueEnum::to_possible_value) {
                let help = mode.get_help().map(ToString::to_string).unwrap_or_default();
                offers.offer(0, mode.get_name(), mode.get_name().to_owned(), help);
            }
        }
        Completes::TimeZone => {
            // most of all those that one is likely to be in
            for (group, zone) in TZ_VARIANTS.iter().map(|zone| (u8::from(!zone.name().contains('/')), zone.name())) {
                offers.offer(if zone == "UTC" { 0 } else { group + 1 }, zone, zone.to_owned(), String::new());
            }
            offers.offer(0, "local", "local".to_owned(), "this machine's".to_owned());
        }
        Completes::Words(words) => {
            for word in words {
                offers.offer(0, word, (*word).to_owned(), String::new());
            }
        }
    }
    offers
}

fn width(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// All dot commands.
pub(super) fn offer_commands(offers: &mut Offers, group: u8) {
    for command in COMMANDS {
        let help = match command.arguments {
            "" => command.help.to_owned(),
            arguments => format!("{arguments}  {}", command.help),
        };
        offers.offer(group, command.name, command.name.to_owned(), help);
    }
}

fn offer_relations(offers: &mut Offers, names: &Names) {
    for relation in &names.relations {
        let kind = if relation.is_view { "view" } else { "table" };
        offers.offer(1, &relation.name, relation.name.clone(), format!("{kind}. {}", relation.comment));
    }
}

fn offer_queries(offers: &mut Offers) {
    for query in &CATALOG.queries {
        offers.offer(0, &query.name, query.name.clone(), format!("query. {}", query.title));
    }
}

/// `name=value` of a companion query.
fn arguments_of(
    vocabulary: &Vocabulary,
    arguments: &[&str],
    typed: &str,
    begin: usize,
    span: std::ops::Range<usize>,
) -> Offers {
    let Some(query) = query(arguments[0]) else { return Offers::new(typed, span) };
    if let Some((name, value)) = typed.split_once('=') {
        let mut offers = Offers::new(value, begin + name.len() + 1..span.end);
        for (value, description) in argument_values(vocabulary, query, name, value) {
            if !value.contains(char::is_whitespace) {
                offers.offer(0, &value, value.clone(), description);
            }
        }
        let parameter = query.parameters.iter().find(|parameter| parameter.name == name);
        if let Some(parameter) = parameter {
            if let Some(default) = &parameter.default {
                let bare = default.trim_matches('\'');
                offers.offer(1, bare, bare.to_owned(), "the default".to_owned());
            }
            if parameter.kind == Kind::Boolean {
                for value in ["true", "false"] {
                    offers.offer(1, value, value.to_owned(), String::new());
                }
            }
        }
        return offers;
    }
    let mut offers = Offers::new(typed, span);
    let given = |name: &str| arguments.iter().any(|argument| argument.split('=').next() == Some(name));
    for parameter in query.parameters.iter().filter(|parameter| !given(&parameter.name)) {
        offers.offer(0, &parameter.name, format!("{}=", parameter.name), parameter_text(parameter));
    }
    offers
}

/// Files and folders whose names begin as the path that is typed.
fn offer_files(offers: &mut Offers, typed: &str) {
    let (folder, begin) = match typed.rfind('/') {
        Some(at) => typed.split_at(at + 1),
        None => ("", typed),
    };
    let path = match folder.strip_prefix("~/") {
        Some(rest) => match std::env::home_dir() {
            Some(home) => home.join(rest),
            None => return,
        },
        None => Path::new(if folder.is_empty() { "." } else { folder }).to_owned(),
    };
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let is_folder = entry.path().is_dir();
            // a name with spaces would be taken for two
            let is_plain = !name.contains(char::is_whitespace) && (!name.starts_with('.') || begin.starts_with('.'));
            is_plain.then_some((!is_folder, name))
        })
        .collect();
    found.sort();
    for (is_file, name) in found {
        let path = format!("{folder}{name}{}", if is_file { "" } else { "/" });
        offers.offer(0, &path, path.clone(), String::new());
    }
}
