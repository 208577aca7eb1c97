//! Waves: which applications move together, and how far the moving has come.

use drydock_domain::UserId;
use serde_json::json;
use time::Date;
use uuid::Uuid;

use super::{
    at,
    copy::{Batch, row},
    derived,
    estate::Estate,
    imports::percent,
    sixr::{Decision, RATE},
};

/// A wave as planned: what it is called, its share of the applications in percent, first and last day relative to the anchor.
struct Outline {
    name: &'static str,
    description: &'static str,
    share: usize,
    days: (i64, i64),
}

const OUTLINES: [Outline; 4] = [
    Outline {
        name: "Pilot",
        description: "Few and simple applications, to try the way.",
        share: 12,
        days: (-28, -14),
    },
    Outline {
        name: "Foundation",
        description: "What many others need, as far as it is simple.",
        share: 26,
        days: (-7, 14),
    },
    Outline {
        name: "Core",
        description: "The applications that the business runs on.",
        share: 34,
        days: (21, 56),
    },
    Outline {
        name: "Completion",
        description: "The most complex ones, and what is switched off at the end.",
        share: 28,
        days: (63, 112),
    },
];

/// What a wave does with an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) wave: usize,
    pub(super) status: &'static str,
}

/// Distributes the applications that move, simple ones first and what is switched off last: a wave and a status for each block.
pub(super) fn distribute(estate: &Estate, decisions: &[Decision]) -> Vec<Option<Move>> {
    let mut order: Vec<&Decision> = decisions.iter().filter(|decision| decision.moves()).collect();
    order.sort_by_key(|decision| {
        let application = estate.blocks[decision.block].application;
        (
            decision.strategy == "retire",
            decision.complexity + 10 * application.criticality as u32,
            application.code,
        )
    });
    let mut moves = vec![None; estate.blocks.len()];
    let mut first = 0;
    let mut share = 0;
    for (index, outline) in OUTLINES.iter().enumerate() {
        share += outline.share;
        let last = order.len() * share / 100;
        let applications = order.get(first..last).unwrap_or_default();
        for (position, decision) in applications.iter().enumerate() {
            // Of the wave that is under way, the first half is done.
            let status = match index {
                0 => "migrated",
                1 if position < applications.len() / 2 => "migrated",
                1 => "in_progress",
                _ => "planned",
            };
            moves[decision.block] = Some(Move { wave: index + 1, status });
        }
        first = last;
    }
    moves
}

/// What waves are written with.
pub(super) struct Context<'a> {
    pub(super) number: u64,
    pub(super) scope: &'a str,
    pub(super) engagement: Uuid,
    pub(super) anchor: Date,
    pub(super) planner: UserId,
}

/// Adds the waves and their plans.
pub(super) fn write(
    batch: &mut Batch,
    context: &Context<'_>,
    estate: &Estate,
    decisions: &[Decision],
    moves: &[Option<Move>],
) {
    for (index, outline) in OUTLINES.iter().enumerate() {
        let wave = index + 1;
        let in_wave = |decision: &&Decision| moves[decision.block].is_some_and(|to| to.wave == wave);
        let of_wave: Vec<&Decision> = decisions.iter().filter(in_wave).collect();
        let assets = |status: Option<&str>| {
            let counts = |block: Option<usize>| {
                let to = block.and_then(|block| moves[block]);
                to.is_some_and(|to| to.wave == wave && status.is_none_or(|status| status == to.status))
            };
            estate.assets.iter().filter(|asset| counts(asset.block)).count()
        };
        let (total, completed) = (assets(None), assets(Some("migrated")));
        let hours: u32 = of_wave.iter().map(|decision| decision.hours).sum();
        let cost = hours * RATE;
        let (start, end) =
            (at(context.anchor, outline.days.0, 7, 0), at(context.anchor, outline.days.1, 17, 0));
        let (status, began, ended) = match index {
            0 => ("completed", Some(start), Some(end)),
            1 => ("in_progress", Some(start), None),
            _ => ("planned", None, None),
        };
        let planned_at = at(context.anchor, -33, 10, 0);
        let updated_at = ended.or(began).unwrap_or(planned_at);
        // What the wave took is known when it is over: a little more than planned.
        let (actual_hours, actual_cost) =
            if index == 0 { (Some(hours + hours / 20), Some(cost + cost / 20)) } else { (None, None) };
        row!(
            batch,
            "migration_waves",
            id = derived(context.number, "wave", &[context.scope, &wave.to_string()]),
            engagement_id = context.engagement,
            wave_number = wave,
            name = outline.name,
            description = outline.description,
            status = status,
            planned_start_date = start,
            planned_end_date = end,
            actual_start_date = began,
            actual_end_date = ended,
            total_assets = total,
            completed_assets = completed,
            failed_assets = 0,
            estimated_cost = cost,
            actual_cost = actual_cost,
            estimated_effort_hours = hours,
            actual_effort_hours = actual_hours,
            created_at = planned_at,
            updated_at = updated_at,
            created_by = context.planner.0,
        );
        let complexity = of_wave.iter().map(|decision| decision.complexity).max().unwrap_or_default();
        let prerequisites = if wave > 1 { json!([format!("Wave {index} is completed")]) } else { json!([]) };
        row!(
            batch,
            "wave_plans",
            id = derived(context.number, "wave plan", &[context.scope, &wave.to_string()]),
            engagement_id = context.engagement,
            wave_number = wave,
            wave_name = outline.name,
            description = outline.description,
            planned_start_date = start,
            planned_end_date = end,
            actual_start_date = began,
            actual_end_date = ended,
            total_assets = total,
            completed_assets = completed,
            estimated_effort_hours = hours,
            estimated_cost = cost,
            prerequisites = prerequisites,
            overall_risk_level = match complexity {
                0..40 => "low",
                40..60 => "medium",
                60..80 => "high",
                _ => "critical",
            },
            complexity_score = complexity,
            success_criteria = json!([
                "Every asset of the wave is migrated",
                "No incident of the highest priority in the first week"
            ]),
            status = status,
            progress_percentage = percent(completed, total),
            created_at = planned_at,
            updated_at = updated_at,
        );
    }
}
