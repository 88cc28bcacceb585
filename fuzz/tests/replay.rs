//! Every seed, and mutations of every seed, through every target: what can be had of fuzzing on
//! stable within seconds. `FUZZ_MUTATIONS` says how many mutations of each seed there are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::{env, fs};

use miniws_fuzz::{TARGETS, Target};

macro_rules! replays {
    ($($target:ident),+) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target), miniws_fuzz::$target);
        })+

        #[test]
        fn no_target_is_left_out() {
            assert!(TARGETS.iter().map(|(name, _)| *name).eq([$(stringify!($target)),+]));
        }
    };
}

replays!(
    server_receive,
    client_receive,
    compressed_receive,
    differential,
    request_head,
    response_head,
    tunnel,
    header_lists,
    negotiation,
    round_trip
);

const MUTATIONS: usize = 2000;

fn replay(name: &str, target: Target) {
    let mutations = env::var("FUZZ_MUTATIONS").map_or(Ok(MUTATIONS), |number| number.parse());
    let mutations = mutations.expect("FUZZ_MUTATIONS is a number");
    let seeds = seeds(name);
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (file, seed) in &seeds {
        run(target, seed, file);
        for _ in 0..mutations {
            let other = &seeds[random.below(seeds.len())].1;
            let input = mutate(seed.clone(), other, &mut random);
            run(target, &input, file);
        }
    }
    run(target, &[], Path::new("nothing at all"));
}

fn seeds(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(name);
    let files = fs::read_dir(folder).expect("the seeds are there");
    let mut files: Vec<_> = files
        .map(|file| file.expect("it is a file").path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let seed = fs::read(&file).expect("a seed can be read");
            (file, seed)
        })
        .collect()
}

/// Runs the target, and says which input it failed on: a test's output is shown when it fails.
fn run(target: Target, input: &[u8], from: &Path) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) {
        println!("the input, made from {}:", from.display());
        println!("{}", input.escape_ascii());
        std::panic::resume_unwind(panic);
    }
}

/// Changes a few things.
fn mutate(mut input: Vec<u8>, other: &[u8], random: &mut Random) -> Vec<u8> {
    for _ in 0..1 + random.below(4) {
        let at = random.below(input.len() + 1);
        match random.below(6) {
            0 => input.insert(at, random.byte()),
            1 => input.truncate(at),
            2 => {
                let (from, to) = (random.below(other.len() + 1), random.below(other.len() + 1));
                let piece = &other[from.min(to)..from.max(to)];
                input.splice(at..at, piece.iter().copied());
            }
            _ if at == input.len() => input.push(random.byte()),
            3 => input[at] = random.byte(),
            4 => input[at] ^= 1 << random.below(8),
            _ => {
                input.remove(at);
            }
        }
    }
    input.truncate(8192);
    input
}

/// Numbers that look random (xorshift64), the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 32) as usize % bound
    }

    /// As often one that means something as any other.
    fn byte(&mut self) -> u8 {
        const MEANT: &[u8] =
            b"\x00\x01\x02\x7d\x7e\x7f\x80\x81\x82\x88\x89\x8a\xfd\xfe\xff\r\n\t ,;:=\"\\";
        match self.below(2) {
            0 => MEANT[self.below(MEANT.len())],
            _ => self.next().to_be_bytes()[0],
        }
    }
}
