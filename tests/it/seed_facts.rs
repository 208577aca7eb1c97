//! What the demo says holds: every count has its rows, every percentage its phases, every reference its target.

use std::fmt::Write as _;

use drydock_store::seed::Plan;
use drydock_testkit::{Database, PLAN};
use time::macros::date;

use crate::seed_plans::seeded;

/// A name and a query for the rows that contradict it: none may be there. In it, `anchor` is the anchor's day.
type Fact = (&'static str, &'static str);

const FLOWS: &[Fact] = &[
    (
        "a discovery flow's percentage is its completed phases of six",
        "select from discovery_flows where abs(progress_percentage - 100.0 / 6 *
             (data_import_completed::int + field_mapping_completed::int + data_cleansing_completed::int
              + asset_inventory_completed::int + dependency_analysis_completed::int + tech_debt_assessment_completed::int)) > 1e-9",
    ),
    (
        "the list of completed phases has as many as there are flags, in order",
        "select from discovery_flows where phases_completed <> to_jsonb(array_remove(array[
             case when data_import_completed then 'data_import' end, case when field_mapping_completed then 'field_mapping' end,
             case when data_cleansing_completed then 'data_cleansing' end, case when asset_inventory_completed then 'asset_inventory' end,
             case when dependency_analysis_completed then 'dependency_analysis' end,
             case when tech_debt_assessment_completed then 'tech_debt_assessment' end], null))",
    ),
    (
        "no phase is done before the one before it",
        "select from discovery_flows where field_mapping_completed > data_import_completed or data_cleansing_completed > field_mapping_completed
             or asset_inventory_completed > data_cleansing_completed or dependency_analysis_completed > asset_inventory_completed
             or tech_debt_assessment_completed > dependency_analysis_completed",
    ),
    (
        "the open phase is the first that is not done",
        "select from discovery_flows where current_phase is distinct from
             (array['data_import', 'field_mapping', 'data_cleansing', 'asset_inventory', 'dependency_analysis', 'tech_debt_assessment'])
             [jsonb_array_length(phases_completed) + 1]",
    ),
    (
        "completed is what has all phases, a moment of completion and is ready to assess",
        "select from discovery_flows where (status = 'completed') <> (jsonb_array_length(phases_completed) = 6)
             or (status = 'completed') <> (completed_at is not null) or (status = 'completed') <> assessment_ready",
    ),
    (
        "a failed flow says where and why, and no other does",
        "select from discovery_flows where (status = 'failed') <> (error_message is not null and error_phase is not null)",
    ),
    (
        "a client account has at most one discovery flow that is not over",
        "select from discovery_flows where status not in ('completed', 'failed', 'cancelled') group by client_account_id having count(*) > 1",
    ),
    (
        "master and child of a discovery flow say the same",
        "select from discovery_flows d left join crewai_flow_state_extensions m
             on (m.client_account_id, m.flow_id) = (d.client_account_id, d.master_flow_id)
             where m.flow_status is distinct from d.status or m.flow_type <> 'discovery' or m.engagement_id <> d.engagement_id
                or m.child_flow_ids <> jsonb_build_array(d.flow_id)",
    ),
    (
        "a master's transitions are its child's completed phases",
        "select from discovery_flows d join crewai_flow_state_extensions m
             on (m.client_account_id, m.flow_id) = (d.client_account_id, d.master_flow_id)
             where jsonb_path_query_array(m.phase_transitions, '$[*].phase') <> d.phases_completed",
    ),
    (
        "every master has exactly one child",
        "select from crewai_flow_state_extensions m where
             (select count(*) from discovery_flows d where (d.client_account_id, d.master_flow_id) = (m.client_account_id, m.flow_id))
             + (select count(*) from assessment_flows a where (a.client_account_id, a.master_flow_id) = (m.client_account_id, m.flow_id)) <> 1",
    ),
    (
        "an assessment flow that is over is at 100 % in its last phase, with everything captured",
        "select from assessment_flows where status <> 'completed' or progress <> 100 or current_phase <> 'finalization' or next_phase is not null
             or not architecture_captured or completed_at is null",
    ),
    (
        "moments of transitions rise",
        "select from (select t ->> 'at' as at, lag(t ->> 'at') over (partition by m.id order by n) as before
             from crewai_flow_state_extensions m, jsonb_array_elements(m.phase_transitions) with ordinality as x(t, n)) moments
             where before::timestamptz >= at::timestamptz",
    ),
    (
        "the technical debt that a flow counted is that of its assets",
        "select from discovery_flows d where tech_debt_analysis is not null and tech_debt_analysis <> (
             select jsonb_build_object('end_of_life', count(*) filter (where technical_details ->> 'support_status' = 'end_of_life'),
                                       'ends_soon', count(*) filter (where technical_details ->> 'support_status' = 'ends_soon'),
                                       'supported', count(*) filter (where technical_details ->> 'support_status' = 'supported'))
             from assets a where (a.client_account_id, a.flow_id) = (d.client_account_id, d.flow_id))",
    ),
];

const IMPORTS: &[Fact] = &[
    (
        "an import's totals are its rows",
        "select from data_imports i where (total_records, processed_records, failed_records) <> (
             select count(*), count(*) filter (where is_processed), count(*) filter (where not is_valid)
             from raw_import_records r where (r.client_account_id, r.data_import_id) = (i.client_account_id, i.id))",
    ),
    (
        "an import's percentage is the share of rows that are through",
        "select from data_imports where abs(progress_percentage - 100.0 * (processed_records + failed_records) / total_records) > 1e-9",
    ),
    (
        "an import that is completed has nothing left to do",
        "select from data_imports where status = 'completed' and (processed_records + failed_records <> total_records or completed_at is null)",
    ),
    ("every import has a flow of its own", "select from data_imports i where (select count(*) from discovery_flows d
             where (d.client_account_id, d.data_import_id, d.master_flow_id) = (i.client_account_id, i.id, i.master_flow_id)) <> 1"),
    (
        "an import is as far as its flow",
        "select from data_imports i join discovery_flows d on (d.client_account_id, d.data_import_id) = (i.client_account_id, i.id)
             where i.status <> case d.status when 'completed' then 'completed' when 'failed' then 'failed' else 'discovery_initiated' end",
    ),
    (
        "rows are numbered from 2 without a gap",
        "select from raw_import_records group by client_account_id, data_import_id
             having min(row_number) <> 2 or max(row_number) <> count(*) + 1",
    ),
    (
        "a processed row names an asset that names it, and was processed at a moment",
        "select from raw_import_records r where is_processed and (processed_at is null or not exists (select from assets a
             where (a.client_account_id, a.engagement_id, a.id, a.raw_import_records_id) = (r.client_account_id, r.engagement_id, r.asset_id, r.id)))",
    ),
    (
        "a row that is not processed names none",
        "select from raw_import_records where not is_processed and (asset_id is not null or cleansed_data is not null or processed_at is not null)",
    ),
    (
        "a row is refused for a reason, and only then is invalid",
        "select from raw_import_records where is_valid <> (validation_errors is null) or (not is_valid and is_processed)
             or (not is_valid and (validation_errors -> 0 ->> 'message') is null)",
    ),
    (
        "every asset came from a row that names it",
        "select from assets a where not exists (select from raw_import_records r join data_imports i
             on (i.client_account_id, i.id) = (r.client_account_id, r.data_import_id)
             where (r.client_account_id, r.id, r.asset_id) = (a.client_account_id, a.raw_import_records_id, a.id)
               and i.filename = a.source_filename and i.filename = a.discovery_source and i.master_flow_id = a.master_flow_id)",
    ),
    (
        "what was cleansed is what the asset holds",
        "select from raw_import_records r join assets a on (a.client_account_id, a.id) = (r.client_account_id, r.asset_id),
             jsonb_each(r.cleansed_data) c where c.value <> to_jsonb(a) -> c.key",
    ),
    (
        "what was cleansed is only what was mapped",
        "select from raw_import_records r, jsonb_object_keys(r.cleansed_data) key where not exists (select from import_field_mappings m
             where (m.client_account_id, m.data_import_id, m.target_field) = (r.client_account_id, r.data_import_id, key))",
    ),
    (
        "every column of a file that was read has a mapping, and every mapping a column",
        "select from data_imports i where status <> 'failed' and
             (select array_agg(distinct key order by key) from raw_import_records r, jsonb_object_keys(raw_data) key
              where (r.client_account_id, r.data_import_id) = (i.client_account_id, i.id))
             is distinct from
             (select array_agg(source_field::text order by source_field) from import_field_mappings m
              where (m.client_account_id, m.data_import_id) = (i.client_account_id, i.id))",
    ),
    (
        "a mapping's target is a column of assets, or it was dropped",
        "select from import_field_mappings where target_field <> 'UNMAPPED' and target_field not in (
             select column_name from information_schema.columns where table_schema = 'migration' and table_name = 'assets')",
    ),
    (
        "mappings are approved where the flow is past them, by a member",
        "select from import_field_mappings m join discovery_flows d on (d.client_account_id, d.data_import_id) = (m.client_account_id, m.data_import_id)
             where (m.status = 'approved') <> d.field_mapping_completed or (m.approved_by is not null) <> (m.status = 'approved')
                or (m.approved_by is not null and not exists (select from client_access c
                    where (c.user_profile_id, c.client_account_id) = (m.approved_by, m.client_account_id) and c.access_level <> 'read_only'))",
    ),
    (
        "whoever imported may",
        "select from data_imports i where not exists (select from client_access c
             where (c.user_profile_id, c.client_account_id) = (i.imported_by, i.client_account_id) and c.access_level <> 'read_only')",
    ),
    ("a file has bytes and their digest", "select from data_imports where coalesce(file_size, 0) < 100 or file_sha256 is null"),
];

const ASSETS: &[Fact] = &[
    ("a dependency lies within its engagement, at both ends", "select from asset_dependencies d where 2 <> (select count(*) from assets a
             where (a.client_account_id, a.engagement_id) = (d.client_account_id, d.engagement_id) and a.id in (d.asset_id, d.depends_on_asset_id))"),
    (
        "what a source row named is a dependency, or the name of one",
        "select from assets a, jsonb_array_elements_text(a.dependencies) named where source_filename <> 'enterprise-cmdb-data.csv' and not exists (
             select from asset_dependencies d join assets b on (b.client_account_id, b.id) = (d.client_account_id, d.depends_on_asset_id)
             where (d.client_account_id, d.asset_id) = (a.client_account_id, a.id) and b.name = named and d.source = 'import')",
    ),
    (
        "a host that runs has a name, an address, an owner and a size",
        "select from assets where asset_type in ('server', 'virtual_machine') and source_filename not in ('enterprise-cmdb-data.csv', 'discovery-data.csv')
             and (hostname is null or ip_address is null or business_owner is null or cpu_cores is null or memory_gb is null or storage_gb is null)",
    ),
    ("an address is one", "select from assets where host(ip_address::inet) <> ip_address"),
    ("no address is another host's", "select from assets where asset_type in ('server', 'virtual_machine') and ip_address is not null
             group by client_account_id, engagement_id, ip_address having count(*) > 1"),
    ("what something costs is more than nothing", "select from assets where current_monthly_cost <= 0"),
    (
        "everything but what came in a file without costs has them",
        "select from assets where current_monthly_cost is null
             and source_filename not in ('e2e-test-data.csv', 'enterprise-cmdb-data.csv', 'discovery-data.csv')",
    ),
    ("every application has an owner, and it is a team", "select from assets where asset_type = 'application' and (business_owner is null
             or business_owner !~ '(Team|Operations|Centre|Archive)$')"),
    (
        "support has ended where the day is not after the anchor, and ends soon within two years",
        "select from assets where technical_details ? 'support_status' and technical_details ->> 'support_status' <> case
             when (technical_details ->> 'end_of_support')::date <= anchor then 'end_of_life'
             when (technical_details ->> 'end_of_support')::date <= anchor + interval '2 years' then 'ends_soon'
             else 'supported' end",
    ),
    ("there are enough systems past their end to show", "select where (select count(*) from assets
             where technical_details ->> 'support_status' = 'end_of_life') not between 300 and 1000"),
    (
        "the tag for what is past its end is on exactly that",
        "select from assets a where (technical_details ->> 'support_status' is not distinct from 'end_of_life') <> exists (
             select from asset_tags x join tags t on (t.client_account_id, t.id) = (x.client_account_id, x.tag_id)
             where (x.client_account_id, x.asset_id) = (a.client_account_id, a.id) and t.name = 'end-of-life')",
    ),
    (
        "the tag for what the business stops without is on exactly that",
        "select from assets a where (criticality = 'critical' and asset_type = 'application') <> exists (
             select from asset_tags x join tags t on (t.client_account_id, t.id) = (x.client_account_id, x.tag_id)
             where (x.client_account_id, x.asset_id) = (a.client_account_id, a.id) and t.name = 'business-critical')",
    ),
    (
        "the tag for what is larger than needed is on exactly that",
        "select from assets a where coalesce(cpu_cores >= 8 and cpu_utilization_percent < 15, false) <> exists (
             select from asset_tags x join tags t on (t.client_account_id, t.id) = (x.client_account_id, x.tag_id)
             where (x.client_account_id, x.asset_id) = (a.client_account_id, a.id) and t.name = 'over-provisioned')",
    ),
    ("every client account has from 300 to 1,200 assets", "select from client_accounts c where (
             select count(*) from assets a where a.client_account_id = c.id) not between 300 and 1200"),
    ("the client accounts are in three industries", "select where (select count(distinct industry) from client_accounts) <> 3"),
    (
        "applications call each other in circles, too",
        "select where not exists (select from asset_dependencies x join asset_dependencies y
             on (x.client_account_id, x.asset_id, x.depends_on_asset_id) = (y.client_account_id, y.depends_on_asset_id, y.asset_id)
             where x.dependency_type = 'api')",
    ),
    (
        "every assessed application runs on something and calls somebody or nobody, but stands not alone",
        "select from sixr_decisions s where not exists (select from asset_dependencies d
             where (d.client_account_id, d.asset_id) = (s.client_account_id, s.application_id) and d.dependency_type = 'hosting')",
    ),
    (
        "progress is recorded for applications, and a stage that is completed has both its moments in order",
        "select from workflow_progress w join assets a on (a.client_account_id, a.id) = (w.client_account_id, w.asset_id)
             where a.asset_type <> 'application' or (w.status = 'completed') <> (w.completed_at is not null) or w.completed_at < w.started_at",
    ),
    (
        "the stages of an application are those that it has come to",
        "select from assets a where asset_type = 'application' and (
             select array_agg(stage::text order by stage) from workflow_progress w where (w.client_account_id, w.asset_id) = (a.client_account_id, a.id))
             is distinct from array_remove(array[case when six_r_strategy is not null then 'assessment' end, 'discovery',
                 case when migration_status in ('migrated', 'in_progress') then 'migration' end,
                 case when migration_wave is not null then 'planning' end], null)",
    ),
];

const ASSESSMENTS: &[Fact] = &[
    ("two assessments are finished", "select where (select count(*) from assessment_flows where status = 'completed') <> 2"),
    (
        "every selected application is an application of the engagement and has one decision, and no other has",
        "select from assessment_flows f where (select array_agg(id order by id) from assets a
             where (a.client_account_id, a.engagement_id) = (f.client_account_id, f.engagement_id) and a.asset_type = 'application'
               and f.selected_application_ids ? a.id::text)
             is distinct from (select array_agg(application_id order by application_id) from sixr_decisions d
             where (d.client_account_id, d.assessment_flow_id) = (f.client_account_id, f.id))
             or jsonb_array_length(f.selected_application_ids) <> (select count(*) from sixr_decisions d
             where (d.client_account_id, d.assessment_flow_id) = (f.client_account_id, f.id))",
    ),
    ("an assessment has from 1 to 100 applications", "select from assessment_flows where jsonb_array_length(selected_application_ids) not between 1 and 100"),
    (
        "what is ready for planning is what the decisions say",
        "select from assessment_flows f where (select coalesce(jsonb_agg(x order by x), '[]') from jsonb_array_elements(apps_ready_for_planning) x)
             <> (select coalesce(jsonb_agg(to_jsonb(application_id::text) order by to_jsonb(application_id::text)), '[]') from sixr_decisions d
             where (d.client_account_id, d.assessment_flow_id) = (f.client_account_id, f.id) and ready_for_planning)",
    ),
    (
        "what the phases report are rows",
        "select from assessment_flows f where phase_results <> jsonb_build_object(
             'initialization', jsonb_build_object('applications', (select count(*) from sixr_decisions d where (d.client_account_id, d.assessment_flow_id) = (f.client_account_id, f.id))),
             'architecture_minimums', jsonb_build_object('standards', (select count(*) from engagement_architecture_standards s where (s.client_account_id, s.engagement_id) = (f.client_account_id, f.engagement_id))),
             'component_discovery', jsonb_build_object('components', (select count(*) from application_components c where (c.client_account_id, c.assessment_flow_id) = (f.client_account_id, f.id))),
             'tech_debt_analysis', jsonb_build_object('findings', (select count(*) from tech_debt_analysis t where (t.client_account_id, t.assessment_flow_id) = (f.client_account_id, f.id))),
             'component_sixr_strategies', jsonb_build_object('decisions', (select count(*) from sixr_decisions d where (d.client_account_id, d.assessment_flow_id) = (f.client_account_id, f.id))))",
    ),
    ("an assessed engagement has the thirteen standards", "select from assessment_flows f where 13 <> (select count(*) from engagement_architecture_standards s
             where (s.client_account_id, s.engagement_id) = (f.client_account_id, f.engagement_id))"),
    ("every decided application has components", "select from sixr_decisions d where not exists (select from application_components c
             where (c.client_account_id, c.assessment_flow_id, c.application_id) = (d.client_account_id, d.assessment_flow_id, d.application_id))"),
    (
        "every component has one treatment, of the same application",
        "select from application_components c where 1 <> (select count(*) from component_treatments t
             where (t.client_account_id, t.assessment_flow_id, t.application_id, t.component_id) = (c.client_account_id, c.assessment_flow_id, c.application_id, c.id))",
    ),
    (
        "what a component is made of are assets of its application",
        "select from application_components c join assets p on (p.client_account_id, p.id) = (c.client_account_id, c.application_id),
             jsonb_array_elements_text(c.component_config -> 'assets') name where not exists (select from assets a
             where (a.client_account_id, a.engagement_id, a.name, a.application_name) = (c.client_account_id, c.engagement_id, name, p.name))",
    ),
    (
        "a component's debt is the sum of its findings, at most 100",
        "select from component_treatments t where (treatment_config ->> 'debt')::int <> least(100, (select coalesce(sum(tech_debt_score), 0)
             from tech_debt_analysis f where (f.client_account_id, f.component_id) = (t.client_account_id, t.component_id)))",
    ),
    (
        "need and difficulty follow from the other figures",
        "select from component_treatments t, lateral (select (treatment_config ->> 'debt')::int as debt, (treatment_config ->> 'currency')::int as currency,
             (treatment_config ->> 'readiness')::int as readiness, (treatment_config ->> 'complexity')::int as complexity,
             (treatment_config ->> 'need')::int as need, (treatment_config ->> 'difficulty')::int as difficulty) f
             where need <> (debt + 100 - currency) / 2 or difficulty <> (complexity + 100 - readiness) / 2
                or not (debt between 0 and 100 and currency between 0 and 100 and readiness between 0 and 100 and complexity between 0 and 100)",
    ),
    (
        "a component's strategy is the first rule that holds",
        "select from component_treatments t, lateral (select (treatment_config ->> 'currency')::int as currency,
             (treatment_config ->> 'readiness')::int as readiness, (treatment_config ->> 'complexity')::int as complexity,
             (treatment_config ->> 'need')::int as need, (treatment_config ->> 'difficulty')::int as difficulty) f
             where recommended_strategy <> case
                 when need > 80 and difficulty > 70 then 'replace' when need > 80 then 'rearchitect'
                 when need > 60 and readiness > 70 then 'refactor' when need > 60 then 'rearchitect'
                 when need > 40 and readiness > 60 then 'replatform' when need > 40 then 'refactor'
                 when readiness > 70 and complexity < 40 then 'rehost' when currency > 80 then 'retain' else 'replatform' end",
    ),
    (
        "the engine decides as the component that wants change most",
        "select from sixr_decisions d where coalesce(user_modifications #>> '{overall_strategy,from}', overall_strategy) not in (
             select recommended_strategy from component_treatments t
             where (t.client_account_id, t.assessment_flow_id, t.application_id) = (d.client_account_id, d.assessment_flow_id, d.application_id)
               and (treatment_config ->> 'need')::int = (select max((u.treatment_config ->> 'need')::int) from component_treatments u
                    where (u.client_account_id, u.assessment_flow_id, u.application_id) = (d.client_account_id, d.assessment_flow_id, d.application_id)))",
    ),
    (
        "a decision that a person changed says what, by whom and when, and was learnt from",
        "select from sixr_decisions d where (user_modifications is not null) <> (modified_by is not null and modified_at is not null)
             or (user_modifications is not null and (user_modifications #>> '{overall_strategy,to}' <> overall_strategy or 1 <> (
                 select count(*) from assessment_learning_feedback f where (f.client_account_id, f.decision_id) = (d.client_account_id, d.id)
                    and f.override_strategy = d.overall_strategy and f.original_strategy = d.user_modifications #>> '{overall_strategy,from}')))",
    ),
    (
        "feedback is about a decision that was changed",
        "select from assessment_learning_feedback f join sixr_decisions d on (d.client_account_id, d.id) = (f.client_account_id, f.decision_id)
             where d.user_modifications is null or f.original_strategy = f.override_strategy",
    ),
    (
        "a decision's page counts rows",
        "select from sixr_decisions d join assets p on (p.client_account_id, p.id) = (d.client_account_id, d.application_id), lateral (
             select count(*) filter (where asset_type in ('server', 'virtual_machine')) as hosts, count(*) filter (where asset_type = 'database') as databases,
                    sum(current_monthly_cost) as cost, sum(estimated_cloud_cost) as cloud
             from assets a where (a.client_account_id, a.engagement_id, a.application_name) = (d.client_account_id, d.engagement_id, p.name)) seen
             where (app_on_page_data ->> 'components')::int <> (select count(*) from application_components c where (c.client_account_id, c.application_id) = (d.client_account_id, d.application_id))
                or (app_on_page_data ->> 'dependencies')::int <> (select count(*) from asset_dependencies e where (e.client_account_id, e.asset_id) = (d.client_account_id, d.application_id))
                or jsonb_array_length(app_on_page_data -> 'findings') <> (select count(*) from tech_debt_analysis t where (t.client_account_id, t.application_id) = (d.client_account_id, d.application_id))
                or (app_on_page_data ->> 'hosts')::int <> hosts or (app_on_page_data ->> 'databases')::int <> databases
                or abs((app_on_page_data ->> 'monthly_cost')::float8 - cost) > 0.005
                or abs(coalesce((app_on_page_data ->> 'estimated_cloud_cost')::float8, -1) - coalesce(cloud, -1)) > 0.005
                or app_on_page_data ->> 'strategy' <> overall_strategy or app_on_page_data ->> 'application' <> p.name",
    ),
    (
        "the assets of an application bear its decision, and no others bear one",
        "select from assets a left join assets p on (p.client_account_id, p.engagement_id, p.name) = (a.client_account_id, a.engagement_id, a.application_name)
                 and p.asset_type = 'application'
             left join sixr_decisions d on (d.client_account_id, d.application_id) = (p.client_account_id, p.id)
             where a.six_r_strategy is distinct from d.overall_strategy or (a.assessment_readiness = 'ready') <> (d.id is not null)
                or a.assessment_flow_id is distinct from d.assessment_flow_id",
    ),
    ("an application's debt is the largest of its components'", "select from sixr_decisions d where tech_debt_score <> (
             select max((treatment_config ->> 'debt')::int) from component_treatments t
             where (t.client_account_id, t.assessment_flow_id, t.application_id) = (d.client_account_id, d.assessment_flow_id, d.application_id))"),
    ("effort and cost are more than nothing, and belong together", "select from sixr_decisions where estimated_effort_hours <= 0 or estimated_cost <> 110 * estimated_effort_hours"),
    ("what stays where it is costs nothing in the cloud, and what goes something or nothing", "select from assets
             where (six_r_strategy is null or six_r_strategy = 'retain') <> (estimated_cloud_cost is null)
                or (six_r_strategy = 'retire' and estimated_cloud_cost <> 0)
                or (six_r_strategy not in ('retire', 'retain') and not estimated_cloud_cost between 0.01 and current_monthly_cost)"),
    (
        "the whole assessment is the sum of its decisions",
        "select from assessments w join assessment_flows f on (f.client_account_id, f.master_flow_id) = (w.client_account_id, w.master_flow_id), lateral (
             select sum(current_monthly_cost) as cost, sum(coalesce(estimated_cloud_cost, current_monthly_cost)) as target
             from assets a where (a.client_account_id, a.assessment_flow_id) = (f.client_account_id, f.id)) seen, lateral (
             select sum(estimated_cost) as migration, sum(estimated_effort_hours) as hours from sixr_decisions d
             where (d.client_account_id, d.assessment_flow_id) = (f.client_account_id, f.id) and ready_for_planning) planned, lateral (
             select jsonb_object_agg(overall_strategy, n) as decisions from (select overall_strategy, count(*) as n from sixr_decisions d
             where (d.client_account_id, d.assessment_flow_id) = (f.client_account_id, f.id) group by 1) x) by_strategy
             where abs(w.current_cost - cost) > 0.005 or abs(w.estimated_target_cost - target) > 0.005 or w.estimated_migration_cost <> migration
                or w.estimated_effort_hours <> hours or abs(w.cost_savings_potential - (cost - target)) > 0.005
                or w.roi_months <> ceil(migration / (cost - target)) or w.ai_insights -> 'decisions' <> decisions",
    ),
    ("a finished assessment was approved after its review", "select from assessments where status <> 'approved'
             or not (assessment_date <= review_date and review_date <= approval_date)"),
    ("every exception names a standard of its engagement", "select from application_architecture_overrides o where not exists (
             select from engagement_architecture_standards s where (s.client_account_id, s.engagement_id, s.id) = (o.client_account_id, o.engagement_id, o.standard_id))"),
    ("at least five strategies are to be seen", "select where (select count(distinct overall_strategy) from sixr_decisions) < 5"),
];

const WAVES: &[Fact] = &[
    (
        "a wave's assets are those that say so",
        "select from migration_waves w where (total_assets, completed_assets) <> (select count(*), count(*) filter (where migration_status = 'migrated')
             from assets a where (a.client_account_id, a.engagement_id, a.migration_wave) = (w.client_account_id, w.engagement_id, w.wave_number)) or failed_assets <> 0",
    ),
    ("no wave is empty", "select from migration_waves where total_assets = 0"),
    ("an asset in a wave is in one that exists", "select from assets a where migration_wave is not null and not exists (select from migration_waves w
             where (w.client_account_id, w.engagement_id, w.wave_number) = (a.client_account_id, a.engagement_id, a.migration_wave))"),
    ("in a wave is what is ready for planning, with all its assets", "select from sixr_decisions d join assets p
             on (p.client_account_id, p.id) = (d.client_account_id, d.application_id)
             join assets a on (a.client_account_id, a.engagement_id, a.application_name) = (p.client_account_id, p.engagement_id, p.name)
             where (a.migration_wave is not null) <> d.ready_for_planning or a.migration_wave is distinct from p.migration_wave"),
    ("what is in no wave has no status, and what is in one has", "select from assets where (migration_wave is null) <> (migration_status is null)"),
    (
        "a wave costs what its decisions cost",
        "select from migration_waves w where (estimated_cost, estimated_effort_hours) <> (select sum(d.estimated_cost), sum(d.estimated_effort_hours)
             from sixr_decisions d join assets a on (a.client_account_id, a.id) = (d.client_account_id, d.application_id)
             where (a.client_account_id, a.engagement_id, a.migration_wave) = (w.client_account_id, w.engagement_id, w.wave_number))",
    ),
    (
        "a wave is as far as its days and assets say",
        "select from migration_waves where status <> case when planned_end_date::date < anchor then 'completed' when planned_start_date::date <= anchor then 'in_progress' else 'planned' end
             or (status = 'completed') <> (completed_assets = total_assets) or (status = 'completed') <> (actual_end_date is not null)
             or (status = 'planned') <> (actual_start_date is null) or (status = 'planned' and completed_assets > 0)
             or (status = 'completed') <> (actual_cost is not null)",
    ),
    ("waves follow each other", "select from migration_waves x join migration_waves y on (x.client_account_id, x.engagement_id, x.wave_number + 1)
             = (y.client_account_id, y.engagement_id, y.wave_number) where x.planned_end_date >= y.planned_start_date"),
    ("waves are numbered from 1", "select from migration_waves group by client_account_id, engagement_id having min(wave_number) <> 1 or max(wave_number) <> count(*)"),
    (
        "plan and wave say the same",
        "select from wave_plans p full join migration_waves w on (w.client_account_id, w.engagement_id, w.wave_number) = (p.client_account_id, p.engagement_id, p.wave_number)
             where (p.total_assets, p.completed_assets, p.status, p.planned_start_date, p.planned_end_date, p.estimated_cost, p.wave_name::text)
               is distinct from (w.total_assets, w.completed_assets, w.status, w.planned_start_date, w.planned_end_date, w.estimated_cost, w.name::text)
               or abs(p.progress_percentage - 100.0 * p.completed_assets / p.total_assets) > 1e-9",
    ),
];

const DAYS: &[Fact] = &[
    ("nothing that happened is after the anchor", "select from data_imports where greatest(started_at, completed_at, created_at, updated_at)::date > anchor
             union all select from assessment_flows where greatest(completed_at, created_at, updated_at)::date > anchor
             union all select from assets where greatest(imported_at, created_at, updated_at, discovered_at)::date > anchor
             union all select from migration_waves where greatest(actual_start_date, actual_end_date, created_at, updated_at)::date > anchor
             union all select from workflow_progress where greatest(started_at, completed_at)::date > anchor"),
    ("an import begins after its engagement and ends after it began", "select from data_imports i join engagements e
             on (e.client_account_id, e.id) = (i.client_account_id, i.engagement_id) where i.started_at < e.start_date or i.completed_at < i.started_at"),
    ("an asset is there after its file, and known before its flow is over", "select from assets a join data_imports i
             on (i.client_account_id, i.master_flow_id) = (a.client_account_id, a.master_flow_id)
             where a.created_at < i.started_at or a.created_at > i.completed_at or a.discovered_at <> i.started_at"),
    ("an assessment begins when the discovery of what it is about is over, and planning after it", "select from assessment_flows f where exists (
             select from discovery_flows d where (d.client_account_id, d.engagement_id) = (f.client_account_id, f.engagement_id) and d.completed_at > f.created_at)
             or exists (select from migration_waves w where (w.client_account_id, w.engagement_id) = (f.client_account_id, f.engagement_id) and w.created_at < f.completed_at)"),
    ("an engagement is under way", "select from engagements where status <> 'active' or not (start_date::date <= anchor and target_completion_date::date > anchor)"),
    ("a wave ends before its engagement is to", "select from migration_waves w join engagements e
             on (e.client_account_id, e.id) = (w.client_account_id, w.engagement_id) where w.planned_end_date > e.target_completion_date"),
];

const USERS: &[Fact] = &[
    ("a user's default client account is theirs to open", "select from users u where u.is_active and not exists (select from client_access c
             where (c.user_profile_id, c.client_account_id) = (u.id, u.default_client_id) and c.is_active)"),
    ("a user's default engagement is one of that client account", "select from users u where u.is_active and not exists (select from engagements e
             where (e.client_account_id, e.id) = (u.default_client_id, u.default_engagement_id))"),
    ("whoever may open a client account is associated with it and may open its engagements", "select from client_access c join users u on u.id = c.user_profile_id and u.is_active where not exists (
             select from user_account_associations a where (a.user_id, a.client_account_id) = (c.user_profile_id, c.client_account_id))
             or exists (select from engagements e where e.client_account_id = c.client_account_id and not exists (select from engagement_access x
             where (x.client_account_id, x.engagement_id, x.user_profile_id, x.access_level) = (e.client_account_id, e.id, c.user_profile_id, c.access_level)))"),
    ("whoever waits to be let in was let in nowhere", "select from client_access c join user_profiles p on p.user_id = c.user_profile_id
             where p.status = 'pending_approval' and (c.is_active or c.granted_by is not null or p.approved_at is not null)"),
    ("one waits to be let in and one is suspended", "select from user_profiles where status <> 'active' having count(*) <> 2
             or count(*) filter (where status = 'pending_approval') <> 1"),
    ("nobody in the demo is client admin", "select from user_roles where role_type = 'client_admin'"),
    ("whoever led, created, granted or approved is a user", "select from engagements where engagement_lead_id is null or created_by is null
             union all select from client_accounts c where not exists (select from users u where u.id = c.created_by)"),
    ("permissions are those of the access level", "select from client_access where (permissions ->> 'can_import_data')::boolean <> (access_level <> 'read_only')"),
];

#[tokio::test]
async fn everything_the_demo_says_holds() {
    holds(&Database::new().await, &PLAN);
}

/// Whatever number and day it is made of.
#[tokio::test]
async fn everything_another_demo_says_holds() {
    for (number, anchor) in [
        (0, date!(2000 - 01 - 01)),
        (1, date!(2024 - 02 - 29)),
        (i64::MAX.unsigned_abs(), date!(2199 - 12 - 31)),
    ] {
        let plan = Plan { number, anchor, ..PLAN };
        holds(&seeded(&plan).await, &plan);
    }
}

/// That no fact is contradicted in a database of `plan`.
fn holds(database: &Database, plan: &Plan) {
    let anchor = plan.anchor;
    let mut statements = String::from("set search_path = migration, public; analyze;");
    // What the demo runs on came out and ends in these years.
    let is_of_now = (2020..2040).contains(&anchor.year());
    let is_asked = |(name, _): &&Fact| is_of_now || !name.starts_with("there are enough");
    let facts =
        || [FLOWS, IMPORTS, ASSETS, ASSESSMENTS, WAVES, DAYS, USERS].into_iter().flatten().filter(is_asked);
    for (name, query) in facts() {
        // `anchor` is no column of any table.
        let query = query.replace("anchor", &format!("date '{anchor}'"));
        // Writing to a String cannot fail.
        let _ = write!(
            statements,
            "select '{}', count(*) from ({query}) contradictions;",
            name.replace('\'', "''")
        );
    }
    let answers = database.sql(&statements);
    let contradicted: Vec<&str> = answers.lines().filter(|line| !line.ends_with("|0")).collect();
    assert_eq!(answers.lines().count(), facts().count());
    assert!(contradicted.is_empty(), "{plan:?}: {contradicted:#?}");
}

/// What breaks one fact is seen by it: each statement makes at least one of the queries above answer.
#[tokio::test]
async fn the_facts_see_what_contradicts_them() {
    let breaks = [
        (
            FLOWS,
            "update migration.discovery_flows set progress_percentage = 83.3 where status = 'waiting_for_approval'",
        ),
        (IMPORTS, "update migration.data_imports set total_records = 150 where filename = 'assets-40.csv'"),
        (
            IMPORTS,
            "update migration.assets set location = 'Atlantis' where name = 'Customer Portal' and source_filename = 'assets-40.csv'",
        ),
        (ASSETS, "update migration.assets set ip_address = null where asset_type = 'server'"),
        (
            ASSESSMENTS,
            "update migration.assets set current_monthly_cost = current_monthly_cost + 1 where asset_type = 'database'",
        ),
        (ASSESSMENTS, "delete from migration.sixr_decisions where application_name = 'Web Shop'"),
        (WAVES, "delete from migration.assets where migration_wave = 2 and asset_type = 'database'"),
        (DAYS, "update migration.assets set updated_at = updated_at + interval '90 days'"),
        (USERS, "delete from migration.engagement_access where access_level = 'read_only'"),
    ];
    let database = Database::new().await;
    let _ = database.sql("analyze");
    let anchor = format!("date '{}'", drydock_testkit::PLAN.anchor);
    for (facts, statement) in breaks {
        let mut script = format!("begin; set local search_path = migration, public; {statement};");
        for (_, query) in facts {
            let _ =
                write!(script, "select count(*) from ({}) contradictions;", query.replace("anchor", &anchor));
        }
        let answers = database.sql(&format!("{script} rollback"));
        assert!(answers.lines().any(|line| line != "0"), "nobody saw: {statement}");
    }
}

#[tokio::test]
async fn the_seeding_counted_its_rows() {
    let database = Database::new().await;
    // All but its own note, and what the migration itself writes.
    let counts = database.sql(
        "select string_agg(format('select count(*) as rows from migration.%I', relname), ' union all ')
         from pg_class where relnamespace = 'migration'::regnamespace and relkind = 'r'
           and relname not in ('_sqlx_migrations', 'alembic_version', 'seed_history')",
    );
    assert_eq!(
        database.sql(&format!("select sum(rows) from ({counts}) tables")),
        database.sql("select row_count from migration.seed_history")
    );
}
