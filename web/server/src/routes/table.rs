//! The table of one noun's routes: handlers with what the OpenAPI document says of them.
//!
//! A handler's `#[utoipa::path]` names its method, its path, its body and its answers; what all
//! have in common is added here: undeclared path parameters, a tag and an id from the path, and
//! the problems that follow from its form.

pub(crate) mod refusals;

use axum::{Router, handler::Handler, routing::options};
use utoipa::openapi::{
    ObjectBuilder, OpenApi, RefOr, Required, Schema,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
    schema::Type,
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::state::App;

/// Routes with their part of the document.
pub(crate) struct Table {
    router: OpenApiRouter<App>,
    /// Names under which two types differ, and codes that are none.
    clashes: Vec<String>,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self {
            router: OpenApiRouter::new(),
            clashes: Vec::new(),
        }
    }

    /// Adds the handlers of one path: `routes!(list, create)`.
    pub(crate) fn on(mut self, (schemas, mut paths, methods): UtoipaMethodRouter<App>) -> Self {
        for (path, item) in &mut paths.paths {
            for (method, operation) in operations(item) {
                complete(operation, method, path);
                self.clashes
                    .extend(refusals::complete(operation, method, path));
            }
        }
        self.note_clashes(&schemas);
        self.router = self.router.routes((schemas, paths, methods));
        self
    }

    /// Answers OPTIONS on a path, which the document leaves out.
    pub(crate) fn options<H, T>(mut self, path: &str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.router = self.router.route(path, options(handler));
        self
    }

    /// Adds another noun's table.
    pub(crate) fn and(mut self, mut other: Self) -> Self {
        let schemas = other.router.get_openapi_mut().components.take();
        let schemas = schemas.map(|found| found.schemas).unwrap_or_default();
        let schemas: Vec<_> = schemas.into_iter().collect();
        self.note_clashes(&schemas);
        let own = self.router.get_openapi_mut();
        let components = own.components.get_or_insert_default();
        components.schemas.extend(schemas);
        self.clashes.append(&mut other.clashes);
        self.router = self.router.merge(other.router);
        self
    }

    /// The router, the document, and the names that stand for two different types or for nothing.
    pub(crate) fn split(self) -> (Router<App>, OpenApi, Vec<String>) {
        let (router, document) = self.router.split_for_parts();
        (router, document, self.clashes)
    }

    fn note_clashes(&mut self, schemas: &[(String, RefOr<Schema>)]) {
        let known = self.router.get_openapi().components.as_ref();
        let differs = |(name, schema): &&(String, RefOr<Schema>)| {
            let known = known.and_then(|known| known.schemas.get(name));
            known.is_some_and(|known| known != schema)
        };
        let clashes = schemas.iter().filter(differs).map(|(name, _)| name.clone());
        self.clashes.extend(clashes);
    }
}

/// The operations of a path with the names of their methods.
pub(crate) fn operations(
    item: &mut PathItem,
) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", item.get.as_mut()),
        ("put", item.put.as_mut()),
        ("post", item.post.as_mut()),
        ("patch", item.patch.as_mut()),
        ("delete", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

fn complete(operation: &mut Operation, method: &str, path: &str) {
    let words = path.split('/').filter(|word| !word.is_empty());
    let words = words.map(|word| word.trim_matches(['{', '}']).replace('-', "_"));
    let words: Vec<String> = words.collect();
    operation.operation_id = Some(format!("{method}_{}", words.join("_")));
    let noun = words.iter().find(|word| *word != "api");
    operation.tags = noun.map(|noun| vec![noun.clone()]);
    let parameters = operation.parameters.get_or_insert_default();
    let named = path
        .split('/')
        .filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'));
    for name in named {
        if !parameters.iter().any(|known| is_called(known, name)) {
            let text = ObjectBuilder::new().schema_type(Type::String);
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(text));
            parameters.push(parameter.build().into());
        }
    }
}

fn is_called(parameter: &RefOr<Parameter>, name: &str) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.name == name)
}
