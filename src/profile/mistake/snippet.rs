//! How a mistake looks: a line with its place, which editors find and `grep` keeps whole, and the lines of the file below.

use super::{Mistake, Place};
use crate::at::visible;
use crate::fault::Weight;
use annotate_snippets::renderer::{DEFAULT_TERM_WIDTH, DEFAULT_WARNING_STYLE, Style};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;
use std::ops::Range;

/// How a mistake is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Look {
    /// As text alone, for a file or a pipe.
    Plain,
    /// With colours, for a terminal of so many columns.
    Terminal(usize),
}

/// A line as it prints, and where in it its characters begin.
struct Shown {
    text: String,
    begins: Vec<usize>,
}

impl Shown {
    /// What would move a terminal's letters about is escaped; the renderer makes blanks of a tab.
    fn of(source: &str) -> Shown {
        let (mut text, mut begins) = (String::new(), vec![]);
        for c in source.chars() {
            begins.push(text.len());
            match c {
                '\t' => text.push(c),
                c => text += &visible(c.encode_utf8(&mut [0; 4])),
            }
        }
        begins.push(text.len());
        Shown { text, begins }
    }

    /// The bytes of `width` characters from `column` on, as far as there are any.
    fn span(&self, column: usize, width: usize) -> Range<usize> {
        let at = |column: usize| self.begins[column.min(self.begins.len() - 1)];
        let begin = column.saturating_sub(1);
        at(begin)..at(begin.saturating_add(width))
    }
}

impl Mistake {
    /// The mistake for a person to read.
    pub fn shown(&self, look: Look) -> String {
        let renderer = match look {
            Look::Plain => Renderer::plain().term_width(DEFAULT_TERM_WIDTH),
            Look::Terminal(columns) => Renderer::styled().term_width(columns.max(40)),
        };
        let place = match self.line {
            0 => visible(&self.file).into_owned(),
            line => format!("{}:{line}:{}", visible(&self.file), self.column),
        };
        let (kind, bold) = match (self.weight, look) {
            (Weight::Mistake, Look::Plain) => (String::new(), Style::new()),
            (Weight::Mistake, Look::Terminal(_)) => (String::new(), Style::new().bold()),
            (Weight::Warning, Look::Plain) => ("warning: ".to_owned(), Style::new()),
            (Weight::Warning, Look::Terminal(_)) => {
                let style = DEFAULT_WARNING_STYLE;
                (format!("{style}warning{style:#}: "), Style::new().bold())
            }
        };
        let head = format!("{place}: {kind}{bold}{}{bold:#}", visible(&self.what));
        let right = self.right.as_deref().map(visible);
        if self.line == 0 {
            return right.iter().fold(head, |head, right| format!("{head}; {right}"));
        }
        let level = match self.weight {
            Weight::Mistake => Level::ERROR,
            Weight::Warning => Level::WARNING,
        };
        let mut group = Group::with_level(level).element(self.snippet());
        if let Some(right) = right {
            group = group.element(Level::HELP.no_name().message(right));
        }
        format!("{head}\n{}", renderer.render(&[group]))
    }

    /// The lines of the file, with what is wrong underlined, and what it is held against.
    fn snippet(&self) -> Snippet<'static, annotate_snippets::Annotation<'static>> {
        let own = Shown::of(&self.source);
        let span = own.span(self.column, self.width);
        let marked = |span| AnnotationKind::Primary.span(span);
        let Some(Place { line, column, source, width, label, between }) = self.other.as_deref() else {
            return Snippet::source(own.text).line_start(self.line).annotation(marked(span));
        };
        let other = Shown::of(source);
        let beside = other.span(*column, *width);
        let label = visible(label).into_owned();
        let labelled = |span| AnnotationKind::Context.span(span).label(label);
        if *line == self.line {
            let text = Snippet::source(own.text).line_start(self.line);
            return text.annotation(marked(span)).annotation(labelled(beside));
        }
        // The lines between are left out, but for one that stands there alone.
        let gap = match line.abs_diff(self.line) {
            2 => format!("\n{}\n", Shown::of(between).text),
            lines => "\n".repeat(lines),
        };
        let (first, last) = if *line < self.line { (&other, &own) } else { (&own, &other) };
        let text = format!("{}{gap}{}", first.text, last.text);
        let behind = first.text.len() + gap.len();
        let behind = |span: Range<usize>| span.start + behind..span.end + behind;
        let (span, beside) = if *line < self.line { (behind(span), beside) } else { (span, behind(beside)) };
        let text = Snippet::source(text).line_start(self.line.min(*line));
        text.annotation(marked(span)).annotation(labelled(beside))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.shown(Look::Plain))
    }
}

impl std::error::Error for Mistake {}
