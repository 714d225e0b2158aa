//! The inventory of a scan as a graph: who depends on what, what is at the top, one short way down to
//! any component. Pure; circles and names that lead nowhere are inert.

use std::collections::{BTreeSet, HashMap, VecDeque};

use mex_runtime::finding::BomComponent;

/// The components of a scan and what they depend on, by their place in the list.
pub(crate) struct Graph {
    /// Sorted by package URL.
    pub(crate) components: Vec<BomComponent>,
    places: HashMap<String, u32>,
    below: Vec<Vec<u32>>,
    above: Vec<u32>,
    top: Vec<u32>,
    /// The one above on a shortest way from the top; none at the top.
    from: Vec<Option<u32>>,
    edges: usize,
}

impl Graph {
    /// A graph over some components. Of two with one package URL the first stays.
    pub(crate) fn of(mut components: Vec<BomComponent>) -> Self {
        components.sort_by(|a, b| a.component.purl.cmp(&b.component.purl));
        components.dedup_by(|a, b| a.component.purl == b.component.purl);
        let places: HashMap<String, u32> = components
            .iter()
            .zip(0u32..)
            .map(|(one, at)| (one.component.purl.clone(), at))
            .collect();
        let mut above = vec![0u32; components.len()];
        let mut edges = 0;
        let below: Vec<Vec<u32>> = components
            .iter()
            .zip(0u32..)
            .map(|(one, at)| {
                let named = one.depends_on.iter().filter_map(|purl| places.get(purl).copied());
                let below: BTreeSet<u32> = named.filter(|to| *to != at).collect();
                for to in &below {
                    above[*to as usize] += 1;
                }
                edges += below.len();
                below.into_iter().collect()
            })
            .collect();
        let mut graph = Self {
            from: vec![None; components.len()],
            components,
            places,
            below,
            above,
            top: Vec::new(),
            edges,
        };
        graph.descend();
        graph
    }

    /// Walks down from everything that nothing depends on; then from the first of each circle that
    /// nobody outside depends on, until all are reached.
    fn descend(&mut self) {
        let mut reached = vec![false; self.components.len()];
        let mut queue: VecDeque<u32> = VecDeque::new();
        let free: Vec<u32> =
            (0u32..).zip(&self.above).filter(|(_, above)| **above == 0).map(|(at, _)| at).collect();
        let rest = 0..u32::try_from(self.components.len()).unwrap_or(u32::MAX);
        for start in free.into_iter().map(Some).chain([None]).chain(rest.map(Some)) {
            // All that nothing depends on start together, so that each way is a shortest one.
            if let Some(start) = start
                && !reached[start as usize]
            {
                reached[start as usize] = true;
                self.top.push(start);
                queue.push_back(start);
                if self.above[start as usize] == 0 {
                    continue;
                }
            }
            while let Some(at) = queue.pop_front() {
                for to in &self.below[at as usize] {
                    if !std::mem::replace(&mut reached[*to as usize], true) {
                        self.from[*to as usize] = Some(at);
                        queue.push_back(*to);
                    }
                }
            }
        }
    }

    /// Where a component stands in the list.
    pub(crate) fn find(&self, purl: &str) -> Option<u32> {
        self.places.get(purl).copied()
    }

    /// What is at the top, by package URL.
    pub(crate) fn top(&self) -> &[u32] {
        &self.top
    }

    /// What a component depends on directly, by package URL.
    pub(crate) fn below(&self, at: u32) -> &[u32] {
        self.below.get(at as usize).map_or(&[], Vec::as_slice)
    }

    /// How many components depend on it directly.
    pub(crate) fn dependents(&self, at: u32) -> u64 {
        self.above.get(at as usize).map_or(0, |above| u64::from(*above))
    }

    /// Whether anybody says what depends on what.
    pub(crate) const fn is_told(&self) -> bool {
        self.edges > 0
    }

    /// Package URLs from the top to a component, both included: one of the shortest ways. Empty where
    /// nobody says what depends on what.
    pub(crate) fn way_to(&self, purl: &str) -> Vec<String> {
        let mut way = Vec::new();
        let mut at = self.find(purl).filter(|_| self.is_told());
        while let Some(here) = at {
            way.push(self.components[here as usize].component.purl.clone());
            at = self.from[here as usize];
        }
        way.reverse();
        way
    }

    /// Everything below a component, itself not counted; each once.
    pub(crate) fn all_below(&self, at: u32) -> Vec<u32> {
        let mut reached = vec![false; self.components.len()];
        let mut found = Vec::new();
        let mut next = vec![at];
        if let Some(here) = reached.get_mut(at as usize) {
            *here = true;
        }
        while let Some(here) = next.pop() {
            for to in self.below(here) {
                if !std::mem::replace(&mut reached[*to as usize], true) {
                    found.push(*to);
                    next.push(*to);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use mex_runtime::finding::Component;

    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let of = |(name, to): &(&str, &[&str])| BomComponent {
            component: Component {
                purl: format!("pkg:x/{name}@1"),
                ecosystem: "x".to_owned(),
                name: (*name).to_owned(),
                version: "1".to_owned(),
            },
            kind: "library".to_owned(),
            locations: Vec::new(),
            licenses: Vec::new(),
            known_by: Vec::new(),
            depends_on: to.iter().map(|name| format!("pkg:x/{name}@1")).collect(),
            attributions: Vec::new(),
        };
        Graph::of(edges.iter().map(of).collect())
    }

    fn way(graph: &Graph, name: &str) -> String {
        let way = graph.way_to(&format!("pkg:x/{name}@1"));
        way.iter().map(|purl| &purl[6..purl.len() - 2]).collect::<Vec<_>>().join(">")
    }

    #[test]
    fn a_way_leads_from_the_top_over_the_fewest_steps() {
        let graph = graph(&[
            ("app", &["a", "b"]),
            ("a", &["deep", "a", "ghost"]),
            ("b", &["c"]),
            ("c", &["deep", "b"]),
            ("deep", &[]),
            ("alone", &[]),
        ]);
        assert_eq!(way(&graph, "deep"), "app>a>deep");
        assert_eq!(way(&graph, "c"), "app>b>c");
        assert_eq!(way(&graph, "alone"), "alone");
        assert_eq!(way(&graph, "ghost"), "");
        let app = graph.find("pkg:x/app@1").unwrap();
        assert_eq!(graph.all_below(app).len(), 4);
        assert_eq!(graph.top().len(), 2);
    }

    #[test]
    fn circles_and_long_chains_end() {
        let circle = graph(&[("x", &["y"]), ("y", &["z"]), ("z", &["x"])]);
        assert_eq!((circle.top().len(), way(&circle, "z").as_str()), (1, "x>y>z"));
        let names: Vec<String> = (0..50_000).map(|at| format!("n{at:05}")).collect();
        let next: Vec<Vec<&str>> = (0..50_000)
            .map(|at| names.get(at + 1).map(String::as_str).into_iter().collect())
            .collect();
        let edges: Vec<(&str, &[&str])> =
            names.iter().zip(&next).map(|(name, to)| (name.as_str(), to.as_slice())).collect();
        let chain = graph(&edges);
        assert_eq!(chain.way_to("pkg:x/n49999@1").len(), 50_000);
        assert_eq!(chain.all_below(0).len(), 49_999);
        let nothing = graph(&[("a", &[]), ("b", &[])]);
        assert!(!nothing.is_told() && way(&nothing, "a").is_empty());
    }
}
