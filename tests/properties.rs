//! What holds for all inputs.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::{fs, path::PathBuf};

use openrouter_wasm::{
    chat::{ChatStream, Chunk, Template},
    error::{Error, ResponseFacts},
    json::{MAX_DEPTH, Value},
    models::Price,
    sse::{Events, SseDecoder},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::Value as Document;

fn decode(pieces: &[&[u8]]) -> Vec<String> {
    let (mut decoder, mut out) = (SseDecoder::new(), Vec::new());
    for piece in pieces {
        decoder.push(piece, &mut |data: &str| out.push(data.to_owned())).unwrap();
    }
    out
}

/// Takes the event `data: known` by its bytes wherever it is asked, and the others as they come.
#[derive(Debug, Default)]
struct Known {
    events: Vec<String>,
    taken: usize,
}

impl Events for Known {
    fn event(&mut self, data: &str) {
        self.events.push(data.to_owned());
    }

    fn known(&mut self, bytes: &[u8]) -> usize {
        const EVENT: &[u8] = b"data: known\n\n";
        if !bytes.starts_with(EVENT) {
            return 0;
        }
        self.events.push("known".to_owned());
        self.taken += 1;
        EVENT.len()
    }
}

fn decode_with_known(pieces: &[&[u8]]) -> Known {
    let (mut decoder, mut known) = (SseDecoder::new(), Known::default());
    for piece in pieces {
        decoder.push(piece, &mut known).unwrap();
    }
    known
}

fn cut<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
    at.sort_unstable();
    at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// Puts the chunks of a stream together again, as whoever takes them has to: of a chunk that taught a template, the text
/// around its holes is kept, and a chunk that is like it is that text with other strings in the holes.
#[derive(Debug, Default)]
struct Chunks {
    around: Vec<Vec<String>>,
    texts: Vec<String>,
    /// How many were known by a template.
    likes: usize,
}

impl Chunks {
    fn take(&mut self, chunk: &Chunk<'_>) {
        match chunk {
            Chunk::Whole { text, value, learned } => {
                if let Some((at, template)) = *learned {
                    self.around.resize(self.around.len().max(at + 1), Vec::new());
                    self.around[at] = around_holes(text, value, template);
                }
                self.texts.push((*text).to_owned());
            }
            Chunk::Like { at, strings, .. } => {
                let (first, others) = self.around[*at].split_first().unwrap();
                assert_eq!(strings.len(), others.len());
                let filled = strings.iter().zip(others).map(|(raw, constant)| [raw, constant.as_str()].concat());
                self.texts.push(first.clone() + &filled.collect::<String>());
                self.likes += 1;
            }
        }
    }
}

/// The text before, between and after the holes, which are found by their paths.
fn around_holes(text: &str, chunk: &Value<'_>, template: &Template) -> Vec<String> {
    let (mut around, mut from) = (Vec::new(), 0);
    for hole in &template.holes {
        let path: Vec<Document> = serde_json::from_str(hole.path()).unwrap();
        let found = path.iter().fold(chunk, |value, step| match step {
            Document::String(key) => value.get(key).unwrap(),
            position => &value.items()[usize::try_from(position.as_u64().unwrap()).unwrap()],
        });
        let Value::String(raw) = found else { panic!("no string at {}", hole.path()) };
        let start = raw.as_ptr() as usize - text.as_ptr() as usize;
        around.push(text[from..start].to_owned());
        from = start + raw.len();
    }
    around.push(text[from..].to_owned());
    around
}

/// How a stream ends, and all that its chunks add up to.
#[derive(Debug, PartialEq)]
struct Sum {
    result: Result<(), Error>,
    completion: String,
    text: String,
    usage: Option<String>,
}

fn run(mut stream: ChatStream, pieces: &[&[u8]]) -> (Chunks, Sum) {
    let mut chunks = Chunks::default();
    let pushed = pieces.iter().try_for_each(|piece| stream.push(piece, &mut |chunk| chunks.take(&chunk)));
    let result = pushed.and_then(|()| stream.finish());
    let completion = stream.completion();
    let (text, usage) = (completion.text(), completion.usage());
    (chunks, Sum { result, completion: completion.to_json(), text, usage })
}

fn new_stream() -> ChatStream {
    ChatStream::new(ResponseFacts { status: 200, ..ResponseFacts::default() })
}

fn fast(pieces: &[&[u8]]) -> (Chunks, Sum) {
    run(new_stream(), pieces)
}

/// Without templates: every chunk is parsed and added.
fn long(stream: &[u8]) -> (Chunks, Sum) {
    let mut chat = new_stream();
    chat.record_events();
    let (chunks, sum) = run(chat, &[stream]);
    assert_eq!(chunks.likes, 0);
    (chunks, sum)
}

/// The recorded streams, which lie outside of the repository, with their names; `OPENROUTER_FIXTURES` names another
/// folder. None where there are none, unless they are required.
fn recorded_streams() -> Vec<(String, Vec<u8>)> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/openrouter/fixtures");
    let folder = PathBuf::from(std::env::var("OPENROUTER_FIXTURES").unwrap_or_else(|_| default.to_owned()));
    let files = fs::read_dir(&folder).into_iter().flatten().map(|file| file.unwrap().path());
    let streams = files.filter(|path| path.extension().is_some_and(|extension| extension == "sse"));
    let streams: Vec<_> = streams.map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect();
    let required = std::env::var("REQUIRE_RECORDINGS").is_ok_and(|value| !value.is_empty());
    assert!(!(required && streams.is_empty()), "REQUIRE_RECORDINGS is set, but there are none in {}", folder.display());
    if streams.is_empty() {
        println!("SKIPPED: no recordings in {}", folder.display());
    }
    streams
}

#[test]
fn the_fast_path_and_the_long_path_come_to_the_same_for_every_recorded_stream_at_every_cut() {
    let mut likes = 0;
    for (name, bytes) in recorded_streams() {
        let (expected, sum) = long(&bytes);
        let data = decode(&[&bytes]);
        assert_eq!(expected.texts, data[..expected.texts.len()], "{name}: the chunks are the events' data");
        for cut in 0..=bytes.len() {
            let (chunks, fast_sum) = fast(&[&bytes[..cut], &bytes[cut..]]);
            assert_eq!(chunks.texts, expected.texts, "{name}, cut at {cut}");
            assert_eq!(fast_sum, sum, "{name}, cut at {cut}");
            likes += chunks.likes;
        }
        for frame in FRAMES {
            let bytes: String = data.iter().map(|data| framed(data, &frame)).collect();
            for pieces in
                [vec![bytes.as_bytes()], bytes.as_bytes().chunks(1).collect(), bytes.as_bytes().chunks(1000).collect()]
            {
                let (chunks, fast_sum) = fast(&pieces);
                assert_eq!(
                    (chunks.texts, fast_sum),
                    (expected.texts.clone(), long(bytes.as_bytes()).1),
                    "{name}, {frame:?}"
                );
            }
        }
    }
    assert!(likes > 0 || recorded_streams().is_empty(), "the fast path was taken");
}

/// A string as it is written between its quotes: with escapes, halves of pairs, quotes, and what looks like JSON or
/// like an event.
fn raw_string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[ a-zé✔😀]{1,4}",
        2 => "[\\]\\[{}:,#¤]{1,3}",
        4 => select(vec![
            r#"\""#, r"\\", r"\/", r"\n", r"\b\f\r\t", r"\u0041", r"\u00e9", r"\u0000", r"\ud83d\ude00", r"\uD83D\uDE00",
            r"\ud83d", r"\ude00", r"\ud83d\ud83d", r"\\ud83d", r"\\\ud83d", r"\\\\", r"\u005c", r"\u0022",
            r#"\"},\"finish_reason\":null}]}"#, "data: ", "[DONE]", "\u{7f}", "\u{2028}", "\u{feff}",
        ]).prop_map(str::to_owned),
    ];
    prop_oneof![
        2 => Just(String::new()),
        12 => vec(piece.clone(), 0..5).prop_map(|pieces| pieces.concat()),
        1 => (piece, 100..3000_usize).prop_map(|(piece, times)| piece.repeat(times)),
    ]
}

type Text = BoxedStrategy<String>;

fn any_of(values: &[&'static str]) -> Text {
    select(values.to_vec()).prop_map(str::to_owned).boxed()
}

fn list(element: &Text, length: impl Into<prop::collection::SizeRange>) -> Text {
    vec(element.clone(), length).prop_map(|elements| format!("[{}]", elements.join(","))).boxed()
}

/// An object with these keys, each as likely as it says, in any order and with or without space between them. Now and then it has
/// one of them once more, be it written with an escape.
fn object(fields: &[(&'static str, f64, Text)]) -> Text {
    let entry = |key: &str, value: &Text, space: &'static str| {
        let key = key.to_owned();
        value.clone().prop_map(move |value| format!("\"{key}\":{space}{value}")).boxed()
    };
    let escaped = |key: &str| format!("\\u{:04x}{}", key.as_bytes()[0], &key[1..]);
    let once = |space| {
        fields
            .iter()
            .map(|(key, likely, value)| option::weighted(*likely, entry(key, value, space)))
            .collect::<Vec<_>>()
    };
    let again = fields.iter().flat_map(|(key, _, value)| [entry(key, value, ""), entry(&escaped(key), value, "")]);
    let again = option::weighted(0.04, prop::strategy::Union::new(again));
    let separated = |space: &'static str, separator: &'static str| {
        (once(space), again.clone())
            .prop_map(|(once, again)| once.into_iter().flatten().chain(again).collect::<Vec<_>>())
            .prop_shuffle()
            .prop_map(move |entries| format!("{{{}}}", entries.join(separator)))
    };
    prop_oneof![8 => separated("", ","), 2 => separated(" ", " , "), 1 => separated("\n", ",\n")].boxed()
}

/// Chunks of one kind: a text with a NUL for each string that differs from one to the next. Most are as the API sends
/// them, the rest as nobody promised them not to be.
fn kind() -> Text {
    const STRING: &str = "\"\0\"";
    let detail = object(&[
        (
            "type",
            0.97,
            any_of(&[
                r#""reasoning.text""#,
                r#""reasoning.text""#,
                r#""reasoning.text""#,
                r#""reasoning.summary""#,
                r#""reasoning.summary""#,
                r#""reasoning.encrypted""#,
                r#""reasoning.brand_new""#,
                r#""reasoning.\u0074ext""#,
                "5",
            ]),
        ),
        ("text", 0.8, any_of(&[STRING, STRING, STRING, "null", "5"])),
        ("summary", 0.5, any_of(&[STRING, STRING, "null"])),
        ("data", 0.2, any_of(&[STRING, "null"])),
        ("signature", 0.3, any_of(&[r#""""#, r#""""#, "null", "null", r#""SIG""#, "5"])),
        ("id", 0.3, any_of(&["null", r#""""#, r#""r1""#, r#""r2""#])),
        ("index", 0.8, any_of(&["0", "0", "0", "1", "null", "-1", "0.0", r#""0""#])),
        ("format", 0.4, any_of(&[r#""anthropic-claude-v1""#, "null"])),
    ]);
    let function = object(&[
        ("name", 0.5, any_of(&[r#""f""#, r#""g""#, "null", r#""""#])),
        ("arguments", 0.95, any_of(&[STRING, STRING, STRING, STRING, STRING, "null", "{}"])),
        ("extra", 0.05, any_of(&[STRING, "1"])),
    ]);
    let call = object(&[
        ("index", 0.9, any_of(&["0", "0", "0", "1", "1", "2", "null", "-1", "4294967296"])),
        ("id", 0.5, any_of(&[r#""a""#, r#""b""#, "null", r#""""#])),
        ("type", 0.5, any_of(&[r#""function""#, "null"])),
        ("function", 0.97, prop_oneof![20 => function, 1 => any_of(&["null", "5"])].boxed()),
        ("extra", 0.05, any_of(&[STRING, "null"])),
    ]);
    let few = |element: &Text| {
        prop_oneof![2 => list(element, 0), 12 => list(element, 1), 2 => list(element, 2), 2 => any_of(&["null", "{}", "\"x\""])].boxed()
    };
    let delta = object(&[
        ("role", 0.4, any_of(&[r#""assistant""#, "null"])),
        (
            "content",
            0.7,
            any_of(&[
                STRING,
                STRING,
                STRING,
                STRING,
                STRING,
                STRING,
                "null",
                "null",
                "5",
                "[{\"type\":\"text\",\"text\":\"\0\"}]",
            ]),
        ),
        ("reasoning", 0.3, any_of(&[STRING, STRING, STRING, "null"])),
        ("reasoning_details", 0.4, few(&detail)),
        ("tool_calls", 0.4, few(&call)),
        ("refusal", 0.05, any_of(&[STRING, "null", "null"])),
        ("images", 0.05, any_of(&["[{\"image_url\":{\"url\":\"\0\"}}]", "[]", "null", "null"])),
        ("annotations", 0.05, any_of(&[r#"[{"type":"file"}]"#, "[]", "null", "null"])),
        ("audio", 0.05, any_of(&["{\"id\":\"x\",\"data\":\"\0\"}", "null", "null", "5"])),
        ("hologram", 0.05, any_of(&[STRING, r#"{"x":1}"#, "null"])),
    ]);
    let choice = object(&[
        ("index", 0.95, any_of(&["0", "0", "0", "0", "0", "0", "1", "2", "null"])),
        ("delta", 0.98, prop_oneof![30 => delta, 1 => any_of(&["null", "5"])].boxed()),
        (
            "finish_reason",
            0.6,
            prop_oneof![9 => any_of(&["null"]), 1 => any_of(&[r#""stop""#, r#""length""#, r#""error""#, "5"])].boxed(),
        ),
        ("native_finish_reason", 0.3, any_of(&["null", "null", r#""end_turn""#])),
        ("logprobs", 0.1, any_of(&["null", "null", r#"{"content":[{"token":"x"}]}"#])),
        ("error", 0.02, any_of(&["null"])),
    ]);
    object(&[
        ("id", 0.9, any_of(&[r#""gen-1""#])),
        ("object", 0.5, any_of(&[r#""chat.completion.chunk""#])),
        ("created", 0.3, any_of(&["1786403070", "1786403071"])),
        ("model", 0.5, any_of(&[r#""a/b""#, r#""a/b-2026""#])),
        ("provider", 0.5, any_of(&[r#""X""#, r#""Y""#, "null", STRING])),
        (
            "choices",
            0.98,
            prop_oneof![20 => list(&choice, 1), 1 => list(&choice, 0), 2 => list(&choice, 2), 1 => any_of(&["null", "{}"])].boxed(),
        ),
        ("usage", 0.2, any_of(&["null", "null", "null", r#"{"cost":3.4e-7}"#, r#"{"cost":1}"#])),
        ("error", 0.02, any_of(&["null", "null", "null", r#"{"code":502,"message":"lost"}"#])),
    ])
}

/// The data of a stream's events: runs of chunks of up to twelve kinds, and perhaps an end.
fn chunks() -> impl Strategy<Value = Vec<String>> {
    let run = (any::<prop::sample::Index>(), vec(vec(raw_string(), 4), 1..5));
    (vec(kind(), 1..13), vec(run, 0..14), any::<bool>()).prop_map(|(kinds, runs, is_done)| {
        let mut data = Vec::new();
        for (kind, chunks) in runs {
            for strings in chunks {
                let mut strings = strings.iter().cycle();
                let mut constants = kind.get(&kinds).split('\0');
                let first = constants.next().unwrap_or_default().to_owned();
                data.push(constants.fold(first, |chunk, constant| chunk + strings.next().unwrap() + constant));
            }
        }
        data.extend(is_done.then(|| "[DONE]".to_owned()));
        data
    })
}

/// An event stream with this data, as the API writes it.
fn events(data: &[String]) -> Vec<u8> {
    data.iter().map(|data| framed(data, &FRAMES[0])).collect::<String>().into_bytes()
}

/// What may be before an event, between `data:` and what it says, after that, and at the end of each line.
const FRAMES: [[&str; 4]; 16] = [
    ["", " ", "", "\n"],
    ["", " ", "", "\r\n"],
    ["", " ", "", "\r"],
    ["", "", "", "\n"],
    ["", "  ", " ", "\n"],
    ["", " ", "\t", "\n"],
    [": OPENROUTER PROCESSING\n\n", " ", "", "\n"],
    [":\r\n", " ", "", "\n"],
    ["\r", " ", "", "\n"],
    ["\n\n", " ", "", "\n"],
    ["event: x\n", " ", "", "\n"],
    ["event:\n", " ", "", "\n"],
    ["id: 1\n", " ", "\nid: 2\n: and", "\n"],
    ["data\n", " ", "", "\n"],
    ["data: \r\n", " ", "", "\n"],
    ["", " ", "\ndata:\ndata: ", "\n"],
];

/// An event with this data, whose line ends begin a data line each.
fn framed(data: &str, [before, space, after, end]: &[&str; 4]) -> String {
    let lines = data.replace('\n', &format!("{end}data: "));
    [before, "data:", space, &lines, after, end, end].concat()
}

/// The bytes of a stream with this data: in one frame all of it, or each event in another.
fn frames(data: &[String], all: Option<usize>, each: &[usize]) -> Vec<u8> {
    let mut each = each.iter().cycle();
    let framed = data.iter().map(|data| framed(data, &FRAMES[all.or(each.next().copied()).unwrap_or(0)]));
    framed.collect::<String>().into_bytes()
}

/// Frames for [`frames`].
fn any_frames() -> impl Strategy<Value = (Option<usize>, Vec<usize>)> {
    (option::of(0..FRAMES.len()), vec(prop_oneof![2 => Just(0), 1 => 0..FRAMES.len()], 1..20))
}

fn damaging_byte() -> impl Strategy<Value = u8> {
    prop_oneof![select(b"\n\r \"\\{}[],:adu\x00\x1f\x7f\x80\xc3\xff".to_vec()), any::<u8>()]
}

/// Kinds of chunks as they come from the API, more than templates are kept.
const USUAL: [&str; 11] = [
    r#"{"choices":[{"index":0,"delta":{"content":"RAW"}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"RAW"}}]}"#,
    r#"{"provider":"X","choices":[{"index":0,"delta":{"content":"RAW"}}]}"#,
    r#"{"provider":"Y","choices":[{"index":0,"delta":{"content":"RAW"}}]}"#,
    r#"{"choices":[{"index":1,"delta":{"content":"RAW"}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"content":null,"reasoning":"RAW"}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"reasoning_details":[{"type":"reasoning.text","index":0,"text":"RAW"}]}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"reasoning_details":[{"type":"reasoning.text","index":1,"text":"RAW"}]}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"reasoning_details":[{"type":"reasoning.summary","index":0,"summary":"RAW"}]}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"RAW"}}]}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","function":{"arguments":"RAW"}}]}}]}"#,
];

/// The fast path and the long path over these bytes; the chunks.
fn compare_paths(pieces: &[&[u8]]) -> Result<Chunks, TestCaseError> {
    let (chunks, sum) = fast(pieces);
    let (expected, expected_sum) = long(&pieces.concat());
    prop_assert_eq!(&chunks.texts, &expected.texts);
    prop_assert_eq!(sum, expected_sum);
    Ok(chunks)
}

/// The same, and the chunks are this data; how many the fast path knew by a template.
fn compare(data: &[String], pieces: &[&[u8]]) -> Result<usize, TestCaseError> {
    let chunks = compare_paths(pieces)?;
    prop_assert_eq!(&chunks.texts[..], &data[..chunks.texts.len()]);
    Ok(chunks.likes)
}

#[test]
fn more_kinds_of_chunks_than_templates_come_to_the_same() {
    for (step, run) in [(1, 1), (1, 3), (3, 2), (4, 1), (5, 4), (7, 2), (10, 3)] {
        let kinds = (0..60).flat_map(|count| [USUAL[count * step % USUAL.len()]].repeat(run));
        let data: Vec<_> = kinds.enumerate().map(|(count, kind)| kind.replace("RAW", &format!("{count},"))).collect();
        let bytes = events(&data);
        let likes = compare(&data, &[&bytes]).unwrap();
        assert!(likes >= (run - 1) * 60, "{likes} of {} by a template", data.len());
    }
}

#[test]
fn the_usual_chunks_are_known_by_their_template_from_the_second_on() {
    for kind in USUAL {
        let data: Vec<_> = ["", "a", r"\ud83d", "b"].iter().map(|raw| kind.replace("RAW", raw)).collect();
        assert_eq!(compare(&data, &[&events(&data)]).unwrap(), 3, "{kind}");
    }
}

#[test]
fn oddities_among_known_chunks_come_to_the_same_at_every_cut() {
    let known = |raw: &str| USUAL[0].replace("RAW", raw);
    let event = |raw: &str| format!("data: {}\n\n", known(raw)).into_bytes();
    for odd in [
        "data: {A}x\n\n",
        "data: {A}{A}\n\n",
        "data: {A}\ndata: {A}\n\n",
        "data: {A}\n: comment\n\n",
        "data: {A}\nid: 1\n\n",
        "data: {A} \n\n",
        "data:  {A}\n\n",
        "data:{A}\n\n",
        " data: {A}\n\n",
        "data: {A}\n\r\n",
        "data: {A}\r\n\r\n",
        "data: {A}\r\r",
        "data: {A}\n",
        "data: {A}",
        "data: {A}\n\n\n\n",
        "data: \n",
        "data: \n\n",
        "data\n\n",
        "event: x\ndata: {A}\n\n",
        "event: x\n",
        "\u{feff}data: {A}\n\n",
        "dat",
        "data: [DONE]\n\n",
        "data: {}\n\n",
        "data: {\"error\":{\"code\":502}}\n\n",
        "data: {A,\"error\":{\"code\":502}}\n\n",
        "data: {A,\"usage\":{\"cost\":1}}\n\n",
    ] {
        let open = known("odd").trim_end_matches('}').to_owned();
        let odd = odd.replace("{A}", &known("odd")).replace("{A,", &(open + ","));
        let bytes = [event("a"), event("b"), odd.into_bytes(), event("c"), event("d")].concat();
        for cut in 0..=bytes.len() {
            let (before, after) = bytes.split_at(cut);
            compare_paths(&[before, after]).unwrap_or_else(|error| panic!("{:?}: {error}", str::from_utf8(&bytes)));
        }
    }
}

#[test]
fn bytes_that_are_no_utf_8_in_a_known_chunk_come_to_the_same() {
    let chunk = format!("data: {}\n\n", USUAL[2].replace("RAW", "raw")).into_bytes();
    for at in 0..chunk.len() {
        let mut damaged = chunk.clone();
        damaged[at] = 0xff;
        let chunks = compare_paths(&[&chunk, &chunk, &damaged, &chunk]).unwrap();
        assert!(chunks.likes > 0 && (chunks.texts.len() < 4 || chunks.texts[2] != chunks.texts[3]), "at {at}");
    }
}

#[test]
fn chunks_that_say_more_than_their_strings_come_to_the_same() {
    for delta in [
        r#"{"content":"RAW","content":"again"}"#,
        r#"{"content":"first","content":"RAW"}"#,
        r#"{"content":"first","\u0063ontent":"RAW"}"#,
        r#"{"c\u006fntent":"RAW"}"#,
        r#"{"content":"RAW","refusal":"no"}"#,
        r#"{"content":"RAW","images":[{"url":"x"}]}"#,
        r#"{"content":"RAW","annotations":[{"type":"file"}]}"#,
        r#"{"content":"RAW","audio":{"data":"AA"}}"#,
        r#"{"content":[{"type":"text","text":"x"}],"reasoning":"RAW"}"#,
        r#"{"content":"RAW","reasoning_details":[{"type":"reasoning.encrypted","data":"x","index":0}]}"#,
        r#"{"content":"RAW","reasoning_details":[{"type":"reasoning.text","text":"RAW","signature":"S","index":0}]}"#,
        r#"{"content":"RAW","reasoning_details":[{"type":"reasoning.summary","summary":"RAW"}]}"#,
        r#"{"reasoning_details":[{"type":"reasoning.text","text":"x","text":"RAW"}]}"#,
        r#"{"reasoning_details":[{"type":"reasoning.text","text":"RAW"},{"type":"reasoning.text","text":"x"}]}"#,
        r#"{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"RAW"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"x","\u0061rguments":"RAW"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"RAW"}},{"index":1,"function":{"arguments":"x"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"RAW"},"function":{"arguments":"x"}}]}"#,
    ] {
        for choice in [
            r#"{"delta":DELTA}"#,
            r#"{"delta":{"content":"x"},"delta":DELTA}"#,
            r#"{"delta":DELTA,"logprobs":{"content":[{"token":"x"}]}}"#,
            r#"{"delta":DELTA},{"index":1,"delta":DELTA}"#,
        ] {
            let chunk = format!(r#"{{"choices":[{}]}}"#, choice.replace("DELTA", delta));
            let data: Vec<_> = ["a", "b", "", "c"].iter().map(|raw| chunk.replace("RAW", raw)).collect();
            compare(&data, &[&events(&data)]).unwrap_or_else(|error| panic!("{chunk}: {error}"));
        }
    }
}

#[test]
fn another_kind_in_between_takes_nothing_from_what_a_kind_says() {
    let kind = |provider: &str| format!(r#"{{"provider":"{provider}","choices":[{{"delta":{{"content":"a"}}}}]}}"#);
    let data: Vec<_> = ["X", "X", "Y", "Y", "X", "Y", "X"].map(kind).to_vec();
    let (chunks, sum) = fast(&[&events(&data)]);
    assert_eq!(chunks.likes, 5);
    assert!(sum.completion.contains(r#""provider":"X""#), "{}", sum.completion);
    assert_eq!(sum.text, "aaaaaaa");
}

#[test]
fn a_string_of_a_megabyte_is_known_by_its_template_too() {
    let data: Vec<_> = ["", &r"a\n😀".repeat(200_000), ""].iter().map(|raw| USUAL[0].replace("RAW", raw)).collect();
    let bytes = events(&data);
    assert_eq!(compare(&data, &bytes.chunks(64 * 1024).collect::<Vec<_>>()).unwrap(), 2);
}

#[test]
fn events_are_asked_about_wherever_one_may_begin() {
    let stream = b": x\n\ndata: known\n\ndata: known\n\ndata: 1\n\nevent:\ndata: known\n\nid: 1\ndata: known\n\n";
    assert_eq!(decode_with_known(&[stream]).taken, 4);
    assert_eq!(decode_with_known(&[b"data: known\n\n"]).taken, 0, "before the first line there may be a mark");
    assert_eq!(decode_with_known(&[b"\n", b"data: kno", b"wn\n\ndata: known\n\n"]).taken, 1, "not where it was cut");
}

#[test]
fn a_key_is_found_by_its_content() {
    let value = Value::parse(r#"{"\\u0061":1,"\u0061":2}"#).unwrap();
    assert_eq!((value.index_of(r"\u0061"), value.index_of("a")), (Some(1), Some(2)));
}

#[test]
fn lines_that_are_no_data_are_none_on_the_fast_path_either() {
    let chunk = |between: &str, text: &str| {
        format!("data: {{{between}\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
    };
    let stream = chunk("\ndata: ", "a") + &chunk("\n", "b");
    compare_paths(&[stream.as_bytes()]).unwrap();
}

/// JSON of every sort.
fn document() -> Text {
    let leaf = prop_oneof![
        any_of(&["null", "true", "false", "0", "-0", "1e2", "-1.50E-07", "[]", "{}"]),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?",
        raw_string().prop_map(|raw| format!("\"{raw}\"")),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let space = any_of(&["", "", "", " ", "\n\t", "\r\n "]);
        let key = prop_oneof![2 => any_of(&["a", "b", r"\u0061", ""]), 1 => raw_string()];
        let entry = (key, space.clone(), inner.clone())
            .prop_map(|(key, space, value)| format!("\"{key}\"{space}:{space}{value}"));
        prop_oneof![
            (vec(inner, 0..5), space.clone())
                .prop_map(|(items, space)| format!("{space}[{}]", items.join(&format!(",{space}")))),
            (vec(entry, 0..5), space)
                .prop_map(|(entries, space)| format!("{{{}{space}}}{space}", entries.join(&format!("{space},")))),
        ]
    })
    .boxed()
}

/// A document with some characters taken out, put in or in the place of another.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0..2_usize, "[\\]\\[{}\",:\\\\u0-9a-fA-FtrlnE.+/ \n\u{1}\u{0}é😀-]{0,2}");
    (document(), vec(edit, 0..4)).prop_map(|(text, edits)| {
        let mut characters: Vec<char> = text.chars().collect();
        for (at, removed, inserted) in edits {
            let at = at.index(characters.len() + 1);
            let end = characters.len().min(at + removed);
            characters.splice(at..end, inserted.chars());
        }
        characters.into_iter().collect()
    })
}

/// What `serde_json` says.
#[derive(Debug, PartialEq)]
enum Verdict {
    Right(Document),
    Wrong,
    /// A number that no float holds, or deeper than it reads: that says nothing about the grammar.
    BeyondItsLimits,
}

fn verdict(text: &str) -> Verdict {
    match serde_json::from_str(text).map_err(|error| error.to_string()) {
        Ok(document) => Verdict::Right(document),
        Err(error) if error.contains("out of range") || error.contains("recursion") => Verdict::BeyondItsLimits,
        Err(_) => Verdict::Wrong,
    }
}

/// The same with `A` in the place of each half of a surrogate pair, which `serde_json` takes whole only.
fn without_surrogates(text: &str) -> String {
    let mut text = text.to_owned();
    for at in 0..text.len() {
        let is_half = text.get(at..at + 6).is_some_and(|escape| {
            let half = escape.strip_prefix("\\u").and_then(|hex| u16::from_str_radix(hex, 16).ok());
            half.is_some_and(|half| (0xd800..0xe000).contains(&half))
        });
        if is_half {
            text.replace_range(at + 2..at + 6, "0041");
        }
    }
    text
}

/// Whether a value says the same as one of `serde_json`, looked at through everything that reads it.
fn says_the_same(ours: &Value<'_>, theirs: &Document) -> bool {
    match theirs {
        Document::Null => ours.is_null(),
        Document::Bool(flag) => *ours == Value::Bool(*flag) && ours.is_true() == *flag,
        Document::Number(number) => {
            let (ours, exact) = (ours.number().unwrap_or(f64::NAN), number.as_f64().unwrap());
            (ours - exact).abs() <= exact.abs() * 1e-13
        }
        Document::String(text) => ours.text().is_some_and(|ours| ours == *text),
        Document::Array(items) => {
            ours.is_array()
                && ours.items().len() == items.len()
                && ours.items().iter().zip(items).all(|(ours, theirs)| says_the_same(ours, theirs))
        }
        Document::Object(entries) => {
            ours.is_object()
                && entries.iter().all(|(key, value)| ours.get(key).is_some_and(|ours| says_the_same(ours, value)))
        }
    }
}

/// Ours takes and refuses what `serde_json` does, reads the same in it, and writes what reads the same.
fn compare_readers(text: &str) -> Result<(), TestCaseError> {
    let ours = Value::parse(text);
    match verdict(text) {
        Verdict::BeyondItsLimits => return Ok(()),
        Verdict::Right(theirs) => {
            prop_assert!(ours.as_ref().is_some_and(|ours| says_the_same(ours, &theirs)), "{ours:?} is not {theirs}");
            let written = ours.as_ref().unwrap().to_json();
            prop_assert_eq!(verdict(&written), Verdict::Right(theirs), "{}", written);
        }
        Verdict::Wrong => match verdict(&without_surrogates(text)) {
            Verdict::BeyondItsLimits => return Ok(()),
            theirs => prop_assert_eq!(ours.is_some(), theirs != Verdict::Wrong),
        },
    }
    if let Some(ours) = ours {
        let written = ours.to_json();
        prop_assert_eq!(Value::parse(&written), Some(ours.clone()));
        prop_assert_eq!(ours.detached(), Value::parse(&written).unwrap());
    }
    Ok(())
}

#[test]
fn every_character_and_every_pair_of_halves_is_read_as_serde_json_does() {
    for character in ('\0'..='\u{100}').chain(['\u{2028}', '\u{ffff}', '\u{10ffff}']) {
        compare_readers(&format!("\"{character}\"")).unwrap();
        compare_readers(&format!("\"\\{character}\"")).unwrap();
        compare_readers(&format!("[1{character}]")).unwrap();
    }
    let edges = ["0000", "d7ff", "d800", "DBFF", "dc00", "dfff", "e000", "ffff"];
    for first in edges {
        for second in edges {
            compare_readers(&format!(r#""\u{first}\u{second}""#)).unwrap();
        }
    }
}

#[test]
fn what_is_nested_deeper_than_serde_json_reads_is_read_to_our_own_depth() {
    let nested = |depth: usize| [r#"{"a":["#.repeat(depth), "]}".repeat(depth)].concat();
    let most = MAX_DEPTH as usize / 2;
    assert_eq!(verdict(&nested(most)), Verdict::BeyondItsLimits);
    assert_eq!(Value::parse(&nested(most)).unwrap().to_json(), nested(most));
    assert_eq!(Value::parse(&nested(most + 1)), None);
}

proptest! {
    #[test]
    fn the_fast_path_and_the_long_path_come_to_the_same(
        data in chunks(),
        (all, each) in any_frames(),
        cuts in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let bytes = frames(&data, all, &each);
        compare(&data, &cut(&bytes, &cuts))?;
    }

    /// The order decides which templates are known, and which was the last.
    #[test]
    fn the_usual_chunks_come_to_the_same_in_any_order(
        chunks in vec((0..USUAL.len(), raw_string()), 0..40),
        (all, each) in any_frames(),
        cuts in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let data: Vec<_> = chunks.iter().map(|(kind, raw)| USUAL[*kind].replace("RAW", raw)).collect();
        let bytes = frames(&data, all, &each);
        compare(&data, &cut(&bytes, &cuts))?;
    }

    /// Bytes that are wrong, missing or too many are the same error, or the same chunk, on both paths.
    #[test]
    fn a_damaged_stream_comes_to_the_same(
        chunks in vec((0..3_usize, "[a-zé]{0,3}"), 2..8),
        (all, each) in any_frames(),
        damage in vec((any::<prop::sample::Index>(), 0..3_usize, vec(damaging_byte(), 0..3)), 0..4),
        cuts in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let data: Vec<_> = chunks.iter().map(|(kind, raw)| USUAL[*kind].replace("RAW", raw)).collect();
        let mut bytes = frames(&data, all, &each);
        for (at, removed, inserted) in damage {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..bytes.len().min(at + removed), inserted);
        }
        compare_paths(&cut(&bytes, &cuts))?;
    }

    /// The text of an answer is what its contents are, written one after the other: pairs that were split are whole.
    #[test]
    fn contents_are_joined_as_they_are_written(contents in vec(raw_string(), 1..12)) {
        let data: Vec<_> = contents.iter().map(|raw| USUAL[0].replace("RAW", raw)).collect();
        let (_, sum) = fast(&[&events(&data)]);
        let joined = format!("\"{}\"", contents.concat());
        prop_assert!(sum.completion.ends_with(&format!("\"content\":{joined}}}}}]}}")), "{}", sum.completion);
        if let Ok(text) = serde_json::from_str::<String>(&joined) {
            prop_assert_eq!(sum.text, text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

    #[test]
    fn json_is_read_and_written_as_serde_json_does(text in document()) {
        prop_assert!(Value::parse(&text).is_some());
        compare_readers(&text)?;
    }

    #[test]
    fn what_is_nearly_json_is_refused_where_serde_json_does(text in mutated()) {
        compare_readers(&text)?;
    }

    #[test]
    fn any_text_is_read_or_refused_as_serde_json_does(text in "[\\]\\[{}\",:\\\\u0-9a-ftrlnE.+ \\n-]{0,12}|\\PC{0,20}") {
        compare_readers(&text)?;
    }

    /// What is put in as content comes out again, from our reader and from `serde_json`.
    #[test]
    fn any_content_is_written_so_that_it_reads_the_same(content in any::<String>()) {
        let value = Value::string(&content);
        prop_assert_eq!(value.text().unwrap(), content.as_str());
        let written = value.to_json();
        prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), content);
    }
}

proptest! {
    /// Lines of every sort, with every line end, cut at random: the same events as in one piece.
    #[test]
    fn cuts_never_change_the_events(
        lines in vec(("(data|event|id|:|da|)", "(: ?|)", "[ -~é✔😀]{0,12}", "(\n|\r|\r\n)"), 0..40),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let stream: String = lines.into_iter().map(|(name, colon, value, end)| name + &colon + &value + &end).collect();
        prop_assert_eq!(decode(&cut(stream.as_bytes(), &cuts)), decode(&[stream.as_bytes()]));
    }

    /// Who takes an event by its bytes sees the same events.
    #[test]
    fn events_that_are_known_by_their_bytes_change_nothing(
        lines in vec(select(vec![
            "data: known\n\n", "data: known\n\n", "data: known\n", "data: known\r\n", "data: known\r\r", "data: known \n\n", "\n", "\r",
            "\r\n", "data: other\n\n", "data: \n", "data\n", "event: x\n", "event\n", ": comment\n", "id: 1\n", "d", "\u{feff}",
        ]), 0..30),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let stream = lines.concat();
        prop_assert_eq!(decode_with_known(&cut(stream.as_bytes(), &cuts)).events, decode(&[stream.as_bytes()]));
    }

    /// Any bytes at all: no panic, and the same however they are cut.
    #[test]
    fn any_bytes_are_survived(
        bytes in vec(any::<u8>(), 0..200),
        cuts in vec(any::<prop::sample::Index>(), 0..4),
    ) {
        prop_assert_eq!(decode(&cut(&bytes, &cuts)), decode(&[&bytes]));
    }

    /// What is encoded comes out again.
    #[test]
    fn data_survives_encoding(texts in vec("[^\r\n]{0,20}(\n[^\r\n]{0,20}){0,3}", 0..10)) {
        let line = |line: &str| format!("data: {line}\n");
        let stream: String = texts.iter().map(|text| text.split('\n').map(line).collect::<String>() + "\n").collect();
        let data = decode(&[stream.as_bytes()]);
        prop_assert_eq!(data, texts);
    }

    /// A price is the same after it was written, and a million of it is its digits moved by six places.
    #[test]
    fn prices_are_exact(mantissa in 0..10_u64.pow(12), scale in 0_u32..30) {
        let price = Price::parse(&format!("{mantissa}e-{scale}")).unwrap();
        prop_assert_eq!(Price::parse(&price.to_text()), Some(price));
        prop_assert_eq!(price.per_million(), Price::parse(&format!("{mantissa}e{}", 6 - i64::from(scale))));
    }
}
