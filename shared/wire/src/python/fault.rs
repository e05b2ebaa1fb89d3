//! Where Python's JSON parser would stop, and the sentence it would say. Knows nothing of the text's meaning.

const DEPTH_MAX: usize = 500;

/// What `json.loads` says about `text`; `None` where Python takes it.
pub(crate) fn fault(text: &str) -> Option<String> {
    let mut scanner = Scanner { text: text.chars().collect(), place: 0, depth: 0 };
    let stop = scanner.document().err()?;
    Some(scanner.sentence(&stop))
}

struct Stop {
    what: &'static str,
    place: usize,
}

struct Scanner {
    text: Vec<char>,
    place: usize,
    depth: usize,
}

impl Scanner {
    fn sentence(&self, stop: &Stop) -> String {
        let before = &self.text[..stop.place.min(self.text.len())];
        let line = 1 + before.iter().filter(|character| **character == '\n').count();
        let start = before.iter().rposition(|character| *character == '\n').map_or(0, |place| place + 1);
        format!("{}: line {line} column {} (char {})", stop.what, stop.place - start + 1, stop.place)
    }

    fn document(&mut self) -> Result<(), Stop> {
        self.skip_space();
        self.value()?;
        self.skip_space();
        if self.place < self.text.len() {
            return Err(self.stop("Extra data"));
        }
        Ok(())
    }

    fn stop(&self, what: &'static str) -> Stop {
        Stop { what, place: self.place }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.place).copied()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.place += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.place += 1;
        }
    }

    fn value(&mut self) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.stop("Expecting value"));
        }
        let result = match self.peek() {
            Some('"') => self.string(),
            Some('{') => self.object(),
            Some('[') => self.array(),
            _ => self.scalar(),
        };
        self.depth -= 1;
        result
    }

    fn scalar(&mut self) -> Result<(), Stop> {
        for word in ["null", "true", "false", "NaN", "Infinity", "-Infinity"] {
            if self.text[self.place..].iter().copied().take(word.len()).eq(word.chars()) {
                self.place += word.len();
                return Ok(());
            }
        }
        self.number()
    }

    fn number(&mut self) -> Result<(), Stop> {
        let digits = |text: &[char], from: usize| text[from..].iter().take_while(|one| one.is_ascii_digit()).count();
        let at = |text: &[char], place: usize| text.get(place).copied();
        let mut place = self.place + usize::from(self.peek() == Some('-'));
        place += match at(&self.text, place) {
            Some('0') => 1,
            Some('1'..='9') => digits(&self.text, place),
            _ => return Err(self.stop("Expecting value")),
        };
        if at(&self.text, place) == Some('.') {
            let fraction = digits(&self.text, place + 1);
            place += if fraction > 0 { fraction + 1 } else { 0 };
        }
        if matches!(at(&self.text, place), Some('e' | 'E')) {
            let sign = usize::from(matches!(at(&self.text, place + 1), Some('+' | '-')));
            let from = (place + 1 + sign).min(self.text.len());
            let power = digits(&self.text, from);
            place += if power > 0 { power + 1 + sign } else { 0 };
        }
        self.place = place;
        Ok(())
    }

    fn string(&mut self) -> Result<(), Stop> {
        let begin = self.place;
        self.place += 1;
        loop {
            match self.peek() {
                None => return Err(Stop { what: "Unterminated string starting at", place: begin }),
                Some('"') => break,
                Some('\\') => self.escape(begin)?,
                Some(character) if u32::from(character) < 0x20 => return Err(self.stop("Invalid control character at")),
                Some(_) => self.place += 1,
            }
        }
        self.place += 1;
        Ok(())
    }

    fn escape(&mut self, begin: usize) -> Result<(), Stop> {
        self.place += 1;
        match self.peek() {
            None => Err(Stop { what: "Unterminated string starting at", place: begin }),
            Some('u') => {
                let hexadecimal = self.text[self.place + 1..].iter().take(4).filter(|one| one.is_ascii_hexdigit());
                if hexadecimal.count() < 4 {
                    return Err(self.stop("Invalid \\uXXXX escape"));
                }
                self.place += 5;
                Ok(())
            }
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => {
                self.place += 1;
                Ok(())
            }
            Some(_) => Err(Stop { what: "Invalid \\escape", place: self.place - 1 }),
        }
    }

    fn object(&mut self) -> Result<(), Stop> {
        self.place += 1;
        self.skip_space();
        if self.take('}') {
            return Ok(());
        }
        loop {
            if self.peek() != Some('"') {
                return Err(self.stop("Expecting property name enclosed in double quotes"));
            }
            self.string()?;
            self.skip_space();
            if !self.take(':') {
                return Err(self.stop("Expecting ':' delimiter"));
            }
            self.skip_space();
            self.value()?;
            self.skip_space();
            if self.take('}') {
                return Ok(());
            }
            self.comma()?;
        }
    }

    fn array(&mut self) -> Result<(), Stop> {
        self.place += 1;
        self.skip_space();
        if self.take(']') {
            return Ok(());
        }
        loop {
            self.value()?;
            self.skip_space();
            if self.take(']') {
                return Ok(());
            }
            self.comma()?;
        }
    }

    fn comma(&mut self) -> Result<(), Stop> {
        if !self.take(',') {
            return Err(self.stop("Expecting ',' delimiter"));
        }
        self.skip_space();
        Ok(())
    }
}
