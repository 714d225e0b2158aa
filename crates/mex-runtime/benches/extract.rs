//! A specification of five megabytes, and a registry of five thousand entries. The aims: extract in
//! two seconds, validate in 200 milliseconds together with diff and publish.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up must stop")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use mex_runtime::capability::extract::{
    Deterministic, ExtractInput, Extractor as _, SpecFile, outlines,
};
use mex_runtime::capability::validate::{Against, Subject, validate};

/// Prose with a declaration of each form in every part.
fn specification(parts: usize, bytes: usize) -> String {
    let mut text = "# Capabilities\n\n".to_owned();
    for part in 0..parts {
        let _ = write!(
            text,
            "## Part {part}\n\n- `list.n{part}`: one\n\n| capability_id | risk |\n|---|---|\n| `table.n{part}` | low |\n\n```json\n{{\"capability_id\": \"block.n{part}\"}}\n```\n\nThe capability `prose.n{part}` allows it.\n\n"
        );
    }
    while text.len() < bytes {
        text.push_str(
            "A sentence that declares nothing, over `a_name` and `some.field` and what follows. ",
        );
        text.push_str("It goes on and ends.\n\n");
    }
    text
}

fn extraction(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("registry");
    group.sample_size(10);
    let large = specification(1_250, 5 * 1024 * 1024);
    group.bench_function("extract 5 MB", |bench| {
        let files = [SpecFile { name: "spec/a.md", bytes: large.as_bytes() }];
        let input = ExtractInput { specification: &files, engines: None, previous: None };
        bench.iter(|| Deterministic.extract(black_box(&input)).expect("our own text"));
    });
    group.bench_function("validate 5000 entries", |bench| {
        let text = specification(1_250, 0);
        let files = [SpecFile { name: "spec/a.md", bytes: text.as_bytes() }];
        let input = ExtractInput { specification: &files, engines: None, previous: None };
        let draft = Deterministic.extract(&input).expect("our own text");
        assert_eq!(draft.entries.len(), 5_000);
        let outlines = outlines(&files).expect("our own text");
        let against = Against { outlines: Some(&outlines), engines: None, profiles: None };
        bench.iter(|| validate(black_box(Subject::Draft(&draft)), against).expect("our own draft"));
    });
    group.finish();
}

criterion_group!(benches, extraction);
criterion_main!(benches);
