//! Figures of many rounds, and their printing. Never a bound that fails: a figure is read by people.

/// Values of many rounds, in order.
pub struct Figures(Vec<f64>);

impl Figures {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        assert!(!values.is_empty(), "nothing was measured");
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    pub fn median(&self) -> f64 {
        self.share(0.5)
    }

    /// What so great a share of them is at most.
    pub fn share(&self, share: f64) -> f64 {
        let last = self.0.len() - 1;
        self.0[((last as f64) * share).round() as usize]
    }

    pub fn greatest(&self) -> f64 {
        self.share(1.0)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// One line: what, the figure, what it is measured against.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
pub fn say(what: &str, figure: &str, against: &str) {
    println!("{what:<38} {figure:>12}  {against}");
}
