//! What holds for the whole application, whatever part answers.

mod canary;
mod cross_site;
mod every_route;
mod stopping;
