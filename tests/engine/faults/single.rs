//! The fault walk: an apply and a rollback are broken at every message of the protocol, in every way. Afterwards history,
//! journal and schema agree, supadeck has said nothing that is not so, and the next run goes on to the end.

use crate::faults::{Lane, Mode, Route, in_lanes};
use crate::fixture::is_soak;
use crate::fixture::protocol_proxy::{Fault, ProtocolProxy, What};
use supadeck::domain::migration::Direction;

/// The points of a route. Behind a message of the server nothing is new to the server: the next message has that point.
async fn points(lane: &Lane, route: Route, what: What) -> Vec<Fault> {
    lane.start(route).await;
    let proxy = ProtocolProxy::new(&lane.project.url, &lane.admin, None, None).await;
    let outcome = lane.run(&proxy, route).await.unwrap();
    assert!(outcome.is_complete(), "{outcome:?}");
    let passed = proxy.passed();
    // Start-up and the reading afterwards are the same however the file is sent.
    let session: Vec<usize> = passed
        .iter()
        .enumerate()
        .filter(|(_, message)| message.connection == 0 && message.kind == 'Q')
        .map(|(at, _)| at)
        .collect();
    let last = passed
        .iter()
        .rposition(|message| message.connection == 0)
        .unwrap();
    // Silence is told from slowness by waiting only: the start-ups are left to the soak.
    let is_whole = route.mode == Mode::Live && (what != What::Swallow || is_soak());
    let is_on_route = |at: usize| is_whole || (session[1]..=last).contains(&at);
    let key = passed
        .iter()
        .position(|message| message.kind == 'K')
        .unwrap();
    let mut points = Vec::new();
    for (at, message) in passed.iter().enumerate().filter(|(at, _)| is_on_route(*at)) {
        if what == What::EndBackend && at <= key {
            continue;
        }
        points.push(Fault {
            what,
            at,
            is_behind: false,
        });
        if message.is_frontend {
            points.push(Fault {
                what,
                at,
                is_behind: true,
            });
        }
    }
    points
}

async fn walk(what: What) {
    let first = Lane::new().await;
    let mut all = Vec::new();
    for direction in [Direction::Apply, Direction::Rollback] {
        for mode in [Mode::Live, Mode::AtOnce] {
            let route = Route { direction, mode };
            let points = points(&first, route, what).await;
            all.extend(points.into_iter().map(|fault| (route, fault)));
        }
    }
    in_lanes(
        &format!("{what:?}"),
        all,
        2 * 4,
        || Box::pin(Lane::new()),
        |lane: &Lane, (route, fault)| Box::pin(lane.point(route, fault)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_closed_at_any_message_leaves_all_or_nothing() {
    walk(What::Close).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_reset_at_any_message_leaves_all_or_nothing() {
    walk(What::Reset).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_goes_silent_at_any_message_leaves_all_or_nothing() {
    walk(What::Swallow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_is_ended_at_any_message_leaves_all_or_nothing() {
    walk(What::EndBackend).await;
}
