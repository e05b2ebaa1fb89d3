//! Filters as conditions of SQL, which pass exactly the rows that [`Filter::passes`] does.

use serde_json::Value;
use tollgate_core::directory::{Column, Fault, Filter, Kind, Table, moment_of, moment_text};

use super::dialect::quoted;
use super::statement::{Bound, Statement};

impl Statement {
    /// All of the filters.
    pub fn filters(&mut self, table: &Table, filters: &[Filter]) -> Result<(), Fault> {
        self.every(table, filters, " AND ", "TRUE")
    }

    fn every(&mut self, table: &Table, filters: &[Filter], between: &str, none: &str) -> Result<(), Fault> {
        if filters.is_empty() {
            self.push(none);
        }
        for (place, filter) in filters.iter().enumerate() {
            self.push(if place > 0 { between } else { "" });
            self.push("(");
            self.filter(table, filter)?;
            self.push(")");
        }
        Ok(())
    }

    fn filter(&mut self, table: &Table, filter: &Filter) -> Result<(), Fault> {
        match filter {
            Filter::Is(name, value) => self.equals(table.expect(name)?, value, "=", "FALSE"),
            Filter::IsNot(name, value) => {
                let differs = self.dialect.is_distinct();
                self.equals(table.expect(name)?, value, differs, "TRUE");
            }
            Filter::In(name, texts) => self.one_of(table.expect(name)?, texts),
            Filter::Null(name) => self.null(table.expect(name)?, ""),
            Filter::Given(name) => self.null(table.expect(name)?, "NOT "),
            Filter::Below(name, bound) => self.compares(table.expect(name)?, bound, ["<", "<="]),
            Filter::From(name, bound) => self.compares(table.expect(name)?, bound, [">=", ">"]),
            Filter::Contains(name, part) => self.contains(table.expect(name)?, part),
            Filter::Has(name, text) => self.has(table.expect(name)?, text),
            Filter::Member(name, member, text) => self.member(table.expect(name)?, member, text),
            Filter::Any(filters) => return self.every(table, filters, " OR ", "FALSE"),
            Filter::All(filters) => return self.every(table, filters, " AND ", "TRUE"),
        }
        Ok(())
    }

    fn equals(&mut self, column: &Column, value: &Value, operator: &str, otherwise: &str) {
        match self.operand(column, value, &quoted(column.name)) {
            Some(operand) => self.operation(operand, operator),
            None => self.push(otherwise),
        }
    }

    /// The second operator is for a bound that was cut before a NUL, which no text holds.
    fn compares(&mut self, column: &Column, bound: &Value, [operator, cut]: [&str; 2]) {
        let ordered = self.dialect.ordered(column);
        let cut_bound = bound.as_str().and_then(|text| text.split_once('\0'));
        if let (Kind::Text | Kind::Time, Some((start, _))) = (column.kind, cut_bound) {
            let left = if column.kind == Kind::Text { ordered } else { self.as_text(column) };
            return self.operation(Operand { left, right: text(start), kind: Kind::Text }, cut);
        }
        match self.operand(column, bound, &ordered).filter(|_| column.kind != Kind::Flag) {
            Some(operand) => self.operation(operand, operator),
            None => self.push("FALSE"),
        }
    }

    fn operation(&mut self, Operand { left, right, kind }: Operand, operator: &str) {
        self.push(&format!("{left} {operator} "));
        self.bind_as(kind, right);
    }

    /// What is compared with what; nothing where the column can never hold such a value.
    fn operand(&self, column: &Column, value: &Value, name: &str) -> Option<Operand> {
        let left = name.to_owned();
        match (column.kind, value) {
            (Kind::Text, Value::String(given)) if !given.contains('\0') => {
                Some(Operand { left, right: text(given), kind: Kind::Text })
            }
            (Kind::Time, Value::String(given)) => {
                let is_shown = moment_of(given).is_some_and(|moment| moment_text(moment) == *given);
                let (left, kind) = if is_shown { (left, Kind::Time) } else { (self.as_text(column), Kind::Text) };
                (!given.contains('\0')).then(|| Operand { left, right: text(given), kind })
            }
            (Kind::Flag, Value::Bool(flag)) => {
                Some(Operand { left, right: Bound::Flag(Some(*flag)), kind: Kind::Flag })
            }
            (Kind::Int | Kind::Big, Value::Number(number)) if number.is_i64() => {
                Some(Operand { left, right: Bound::Big(number.as_i64()), kind: Kind::Big })
            }
            (Kind::Int | Kind::Big | Kind::Float, Value::Number(number)) => {
                let left = self.dialect.real(name);
                Some(Operand { left, right: Bound::Float(number.as_f64()), kind: Kind::Float })
            }
            _ => None,
        }
    }

    /// A column of texts or times, as a text that is compared byte by byte.
    fn as_text(&self, column: &Column) -> String {
        let shown = self.dialect.shown(column);
        if self.dialect.is_postgres() { format!("{shown} COLLATE \"C\"") } else { shown }
    }

    fn one_of(&mut self, column: &Column, texts: &[String]) {
        let texts: Vec<String> = texts.iter().filter(|text| !text.contains('\0')).cloned().collect();
        match column.kind {
            Kind::Text => self.is_one_of(&quoted(column.name), &texts),
            Kind::Time => self.is_one_of(&self.as_text(column), &texts),
            _ => self.push("FALSE"),
        }
    }

    fn null(&mut self, column: &Column, not: &str) {
        let name = quoted(column.name);
        self.push(&match (column.kind, self.dialect.is_postgres()) {
            // A list that is null counts as empty.
            (Kind::Texts, _) => format!("{not}FALSE"),
            // Prisma can write the JSON value null.
            (Kind::Json, true) => format!("{not}({name} IS NULL OR {name} = 'null'::jsonb)"),
            _ => format!("{not}({name} IS NULL)"),
        });
    }

    fn contains(&mut self, column: &Column, part: &str) {
        if column.kind != Kind::Text && column.kind != Kind::Time || part.contains('\0') {
            return self.push("FALSE");
        }
        let (function, shown) =
            if self.dialect.is_postgres() { ("strpos", self.as_text(column)) } else { ("instr", self.as_text(column)) };
        self.push(&format!("{function}(lower({shown}), "));
        self.bind_as(Kind::Text, text(&part.to_ascii_lowercase()));
        self.push(") > 0");
    }

    fn has(&mut self, column: &Column, item: &str) {
        let name = quoted(column.name);
        if !matches!(column.kind, Kind::Texts | Kind::Json) || item.contains('\0') {
            return self.push("FALSE");
        }
        let (before, after) = match (self.dialect.is_postgres(), column.kind) {
            (true, Kind::Texts) => (format!("{name} @> ARRAY["), "]"),
            (true, _) => (format!("{name} @> jsonb_build_array("), ")"),
            (false, _) => {
                let items = format!("SELECT 1 FROM json_each({name}) WHERE type = 'text' AND value = ");
                (format!("json_type({name}) = 'array' AND EXISTS ({items}"), ")")
            }
        };
        self.push(&before);
        self.bind_as(Kind::Text, text(item));
        self.push(after);
    }

    fn member(&mut self, column: &Column, member: &str, wanted: &str) {
        let name = quoted(column.name);
        if column.kind != Kind::Json || wanted.contains('\0') {
            return self.push("FALSE");
        }
        if self.dialect.is_postgres() {
            self.push(&format!("{name} -> "));
            self.bind_as(Kind::Text, text(member));
            self.push(" = to_jsonb(");
            self.bind_as(Kind::Text, text(wanted));
            return self.push(")");
        }
        self.push(&format!("EXISTS (SELECT 1 FROM json_each({name}) WHERE json_type({name}) = 'object' AND key = "));
        self.bind(text(member));
        self.push(" AND type = 'text' AND value = ");
        self.bind(text(wanted));
        self.push(")");
    }
}

/// One comparison.
struct Operand {
    left: String,
    right: Bound,
    kind: Kind,
}

fn text(text: &str) -> Bound {
    Bound::Text(Some(text.to_owned()))
}
