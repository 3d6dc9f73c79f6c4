//! The HTML report, opened in a real browser: it is whole, nothing in it runs, and nothing leaves it.

mod browser;
mod common;

use std::fs;
use std::path::{Path, PathBuf};

use browser::{Browser, bytes};
use common::{Place, fixtures, log, record};
use serde_json::{Value, json};

/// What an attacker types, and how it must stand on the page.
fn hostile() -> Vec<(String, String)> {
    let plain = [
        "<script>document.title = 'owned'</script>",
        "\"><img src=x onerror=\"document.title = 'owned'\">",
        "' onmouseover='document.title = 1' x='",
        "</td></table></details></style></title></head><svg onload=\"document.title = 'owned'\">",
        "<iframe src=\"https://example.com/\"></iframe><link rel=stylesheet href=\"https://example.com/\">",
        "{{ 7 * 7 }}{% raw %}",
        "&lt;b&gt; &#60; &amp;amp;",
        "<!-- -->--><![CDATA[",
    ];
    let mut values: Vec<_> = plain.map(|value| (value.to_owned(), value.to_owned())).into();
    values.push(("gpj.\u{202e}exe.\u{2066}x".into(), r"gpj.\u{202e}exe.\u{2066}x".into()));
    values.push(("ze\u{200b}ro\u{feff}".into(), r"ze\u{200b}ro\u{feff}".into()));
    values.push(("\u{1b}[31mred\u{7}\r\nnext".into(), r"\u{1b}[31mred\u{7}\r\nnext".into()));
    let long = format!("{}the end", "0123456789".repeat(1_000));
    values.push((long.clone(), long));
    values
}

/// A report of a store in which every value is hostile.
fn hostile_report(place: &Place) -> PathBuf {
    let mut records = Vec::new();
    for (number, (value, _)) in hostile().iter().enumerate() {
        let number = number as u64;
        let identity = json!({"type": "IAMUser", "arn": value, "userName": value, "principalId": value, "accountId": value,
            "accessKeyId": value});
        let asked = json!({"includeDeprecated": true, "ownersSet": {"items": [{"owner": value}]},
            "imagesSet": {"items": [{"imageId": value}]},
            "filterSet": {"items": [{"name": "name", "valueSet": {"items": [{"value": value}]}}]}});
        let fields = json!({"userIdentity": identity, "sourceIPAddress": value, "userAgent": value, "awsRegion": value,
            "recipientAccountId": value, "requestParameters": asked});
        records.push(record(2 * number, &fields));
        let run = json!({"instancesSet": {"items": [{"imageId": value, "minCount": 1, "maxCount": 1}]}});
        let ran = json!({"instancesSet": {"items": [{"imageId": value, "instanceId": value, "instanceType": value}]}});
        let mut launch = fields.clone();
        launch["eventName"] = json!("RunInstances");
        launch["eventTime"] = json!("2026-10-06T03:14:00Z");
        launch["requestParameters"] = run;
        launch["responseElements"] = ran;
        records.push(record(2 * number + 1, &launch));
    }
    let folder = place.write("<img src=x>/log.json", log(&records));
    place.write("<img src=x>/bad.json", "{\"Records\":[{\"eventID\":\"<script>\"}]}");
    place.ok(&["load", folder.split('/').next().expect("a folder")]);
    let title = format!("INC-1 {}", hostile()[3].0);
    place.ok(&["report", "-o", "report.html", "--title", &title, "--triage", "20"]);
    place.path("report.html")
}

/// A report of the fixtures.
fn report(place: &Place) -> PathBuf {
    let geoip = fixtures("geoip/Example-City.mmdb");
    place.ok(&["geoip", geoip.to_str().expect("UTF-8")]);
    place.ok(&["report", "-o", "report.html"]);
    place.path("report.html")
}

/// Opens all that is folded, so that all text is shown.
const UNFOLD: &str = "document.querySelectorAll('details').forEach(details => { details.open = true })";

#[test]
fn hostile_values_are_text_and_nothing_leaves_the_file() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::new();
    let file = hostile_report(&place);
    browser.open(&file);
    browser.value(UNFOLD);
    browser.media("print", true);
    assert_eq!(browser.complaints(), [""; 0]);
    assert_eq!(browser.requests(), [format!("file://{}", file.display())]);

    let text = browser.value("document.body.innerText");
    let text = text.as_str().expect("text");
    for (value, shown) in hostile() {
        let shown = shown.trim();
        assert!(text.contains(shown), "{} is not shown", &value[..value.len().min(80)]);
    }
    assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{1b}', '\u{feff}']), "what acts is not spelled out");
    assert_eq!(browser.value("document.title"), format!("INC-1 {}", hostile()[3].0));

    let elements = browser.value(
        "[...new Set([...document.querySelectorAll('*')].map(element => element.localName))]
            .filter(name => !(`html head meta title style body a nav p ol ul li main header h1 h2 h3 h4 dl div dt dd section figure
                figcaption svg desc g path text rect circle details summary table caption thead tbody tr th td bdi span
                small strong code pre time footer`).split(/\\s+/).includes(name))",
    );
    assert_eq!(elements, json!([]), "elements that no template has");
    let attributes = browser.value(
        "[...document.querySelectorAll('*')].flatMap(element => [...element.attributes].map(attribute => attribute.name))
            .filter(name => name.startsWith('on') || ['style', 'src', 'srcset', 'action'].includes(name))",
    );
    assert_eq!(attributes, json!([]));
    let ways = "[...document.links].map(link => link.getAttribute('href')).filter(href => !href.startsWith('#'))";
    assert_eq!(browser.value(ways), json!([]), "links that lead out");
}

/// The checks above would see it if they had something to see.
#[test]
fn what_would_leave_is_held_back_and_noticed() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::with_fixtures();
    let page = fs::read_to_string(report(&place)).expect("the report");
    let broken =
        "<img src=\"http://127.0.0.1:9/x.png\"><script>document.title = 'owned'</script><p style=\"color: red\">";
    let file = place.path("broken.html");
    fs::write(&file, page.replace("<footer>", &format!("{broken}<footer>"))).expect("a file");
    browser.open(&file);
    let complaints = browser.complaints().join("\n");
    for directive in ["img-src", "script-src", "style-src"] {
        assert!(complaints.contains(directive), "{directive}: {complaints}");
    }
    assert_ne!(browser.value("document.title"), "owned");
    let color = browser.value("getComputedStyle(document.querySelector('p[style]')).color");
    assert_ne!(color, "rgb(255, 0, 0)");
}

#[test]
fn it_can_be_read_by_everyone() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::with_fixtures();
    browser.open(&report(&place));
    assert_eq!(browser.complaints(), [""; 0]);

    let headings =
        browser.value("[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(heading => +heading.localName[1])");
    let levels: Vec<_> = headings.as_array().expect("a list").iter().filter_map(Value::as_u64).collect();
    assert_eq!((levels[0], levels.iter().filter(|&&level| level == 1).count()), (1, 1));
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    assert!(levels.len() > 40, "{levels:?}");

    let mut failing = |what: &str, script: &str, fails: &str| {
        let all = browser.value(&format!("{script}.length"));
        assert!(all.as_u64() > Some(0), "no {what}");
        let found = browser.value(&format!("{script}.filter(it => {fails}).map(it => it.outerHTML.slice(0, 200))"));
        assert_eq!(found, json!([]), "{what}");
    };
    failing("tables", "[...document.querySelectorAll('table')]", "!it.caption || !it.caption.textContent.trim()");
    failing("header cells", "[...document.querySelectorAll('th')]", "!it.scope || !it.textContent.trim()");
    failing("tables", "[...document.querySelectorAll('table')]", "!it.querySelector('th')");
    failing(
        "pictures",
        "[...document.querySelectorAll('svg')]",
        "it.getAttribute('role') !== 'img' || !it.querySelector('title').textContent.trim()",
    );
    failing("times", "[...document.querySelectorAll('time')]", "isNaN(Date.parse(it.dateTime))");
    let anchor = "!document.getElementById(it.getAttribute('href').slice(1))";
    failing("links", "[...document.links]", anchor);
    failing("ids", "[...document.querySelectorAll('[id]')]", "document.getElementById(it.id) !== it");
    failing(
        "labelled",
        "[...document.querySelectorAll('[aria-labelledby]')]",
        "it.getAttribute('aria-labelledby').split(' ').some(id => !document.getElementById(id))",
    );
    assert_eq!(browser.value("document.documentElement.lang"), "en");
    let folded = "document.querySelector('details.alert:not([open])')";
    let id = browser.value(&format!("{folded}.querySelector('[id]').id"));
    browser.value(&format!("document.querySelector('a[href=\"#{}\"]').click()", id.as_str().expect("an id")));
    assert_eq!(browser.value(folded), Value::Null, "a link to a folded alert unfolds it");
    let charts = browser.value("[...document.querySelectorAll('.chart > svg')].map(svg => svg.getAttribute('class'))");
    assert_eq!(charts, json!(["chart-spans", "chart-columns", "chart-lanes", "chart-places"]));
}

/// Text whose colour does not stand out from what is behind it, as WCAG AA wants it.
const FAINT: &str = r"
    (() => {
        const channels = color => color.match(/[\d.]+/g).map(Number);
        const luminance = color => {
            const [red, green, blue] = channels(color).map(value => value / 255)
                .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        };
        const ground = element => {
            for (let it = element; it; it = it.parentElement) {
                const color = getComputedStyle(it).backgroundColor;
                if (channels(color)[3] !== 0) return color;
            }
        };
        const texts = [...document.querySelectorAll('body *')].filter(element =>
            element.checkVisibility() && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
        const faint = texts.map(element => {
            const style = getComputedStyle(element);
            const [one, other] = [element.localName === 'text' ? style.fill : style.color, ground(element)]
                .map(color => luminance(color) + 0.05);
            return [Math.max(one, other) / Math.min(one, other), element.outerHTML.slice(0, 90)];
        }).filter(([contrast]) => contrast < 4.5);
        return texts.length > 500 ? faint.slice(0, 5) : 'too little text';
    })()";

#[test]
fn text_stands_out_in_light_and_in_dark() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::with_fixtures();
    browser.open(&report(&place));
    let ground = "getComputedStyle(document.documentElement).backgroundColor";
    assert_eq!(browser.value(ground), "rgb(255, 255, 255)");
    assert_eq!(browser.value(FAINT), json!([]));
    browser.media("screen", true);
    assert_eq!(browser.value(ground), "rgb(18, 22, 27)");
    assert_eq!(browser.value(FAINT), json!([]));
}

#[test]
fn it_fits_a_phone() {
    let Some(mut browser) = Browser::start() else { return };
    let (hostile, plain) = (Place::new(), Place::with_fixtures());
    browser.window(390, 844, true);
    for file in [hostile_report(&hostile), report(&plain)] {
        browser.open(&file);
        browser.value(UNFOLD);
        let wide = "[...document.querySelectorAll('body, body *')].filter(it => it.getBoundingClientRect().right > 391
            && !it.closest('.scroll, .chart')).map(it => it.outerHTML.slice(0, 120)).slice(0, 5)";
        assert_eq!(browser.value(wide), json!([]));
        let width = browser.value("document.documentElement.scrollWidth");
        assert!(width.as_u64() <= Some(390), "{width}");
    }
}

#[test]
fn it_prints() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::with_fixtures();
    browser.open(&report(&place));
    browser.media("print", true);
    // dark would be a waste of toner
    assert_eq!(browser.value("getComputedStyle(document.documentElement).backgroundColor"), "rgb(255, 255, 255)");
    assert_eq!(browser.value("getComputedStyle(document.querySelector('nav')).display"), "none");
    assert_eq!(browser.value("getComputedStyle(document.querySelector('thead')).display"), "table-header-group");
    assert_eq!(browser.value("document.querySelectorAll('details:not([open])').length > 10"), true);
    // what is folded on the screen is not on paper
    let folded = browser.value(
        "[...document.querySelectorAll('details .statement pre')].map(it => it.offsetHeight).filter(height => !height)",
    );
    assert_eq!(folded, json!([]));
    let wide = "[...document.querySelectorAll('table')].filter(it => it.offsetWidth > it.parentElement.offsetWidth + 1)
        .map(it => it.caption.textContent)";
    // as wide as a sheet of A4, without its margins
    browser.window(1030, 700, false);
    assert_eq!(browser.value(wide), json!([]), "tables that are cut off");
    let pdf = browser.ask("Page.printToPDF", json!({"preferCSSPageSize": true, "printBackground": true}));
    let pdf = bytes(pdf["data"].as_str().expect("data"));
    let pdf = String::from_utf8_lossy(&pdf);
    let pages = pdf.matches("/Type /Page\n").count();
    assert!((5..60).contains(&pages), "{pages} pages");
    assert!(pdf.starts_with("%PDF-") && pdf.contains("/Type /Font"), "no text");
}

/// Pictures for the README, made anew when asked for: `UPDATE_SCREENSHOTS=1`.
#[test]
fn screenshots() {
    if std::env::var_os("UPDATE_SCREENSHOTS").is_none() {
        return;
    }
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::with_fixtures();
    let file = report(&place);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screenshots");
    fs::create_dir_all(&folder).expect("a folder");
    let mut picture = |name: &str, media: &str, dark: bool, size: (u32, u32, bool), at: &str| {
        browser.window(size.0, size.1, size.2);
        browser.media(media, dark);
        browser.open(&file);
        browser.value(&format!("document.querySelector('{at}').scrollIntoView()"));
        let png = browser.ask("Page.captureScreenshot", json!({"format": "png"}));
        let png = bytes(png["data"].as_str().expect("data"));
        assert!(png.len() < 150_000, "{name}: {} bytes", png.len());
        fs::write(folder.join(name), png).expect("a file");
    };
    picture("light.png", "screen", false, (1200, 900, false), "body");
    picture("incident.png", "screen", false, (1200, 640, false), "#incident");
    picture("dark.png", "screen", true, (1200, 800, false), "#geography");
    picture("phone.png", "screen", false, (390, 640, true), "body");
    picture("print.png", "print", false, (1030, 728, false), "#each-alert");
}
