INSERT INTO client_accounts VALUES
    ('11111111-1111-4111-8111-111111111111', 'Northwind Freight', 'northwind-freight'),
    ('22222222-2222-4222-8222-222222222222', 'Harbour Health', 'harbour-health')
ON CONFLICT DO NOTHING;
-- The hash is of no password that anybody knows.
INSERT INTO users (id, email, password_hash, first_name, is_active, is_verified)
SELECT id::uuid, email, '$2b$12$W1m8o3c5b7d9e1f3a5c7d.eK3Jq0o1p2r3s4t5u6v7w8x9y0z1A2', first_name, true, true
FROM (VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 'admin@platform.example', 'Platform'),
             ('aaaaaaaa-0000-4000-8000-000000000002', 'manager@northwind.example', 'Manager'),
             ('aaaaaaaa-0000-4000-8000-000000000003', 'analyst@northwind.example', 'Analyst'),
             ('aaaaaaaa-0000-4000-8000-000000000004', 'viewer@harbour.example', 'Viewer')) seeded (id, email, first_name)
ON CONFLICT DO NOTHING;
INSERT INTO user_profiles (user_id, status) SELECT id, 'active' FROM users ON CONFLICT DO NOTHING;
INSERT INTO user_roles (user_id, role_type)
SELECT id, CASE WHEN email LIKE 'admin@%' THEN 'platform_admin' WHEN email LIKE 'manager@%' THEN 'engagement_manager'
                WHEN email LIKE 'analyst@%' THEN 'analyst' ELSE 'viewer' END
FROM users ON CONFLICT DO NOTHING;
INSERT INTO user_account_associations (user_id, client_account_id, role)
SELECT id, CASE WHEN email LIKE '%@harbour.example' THEN '22222222-2222-4222-8222-222222222222'
                ELSE '11111111-1111-4111-8111-111111111111' END::uuid, 'member'
FROM users WHERE email NOT LIKE 'admin@%' ON CONFLICT DO NOTHING;
INSERT INTO engagements (id, client_account_id, name) VALUES
    ('33333333-3333-4333-8333-333333333331', '11111111-1111-4111-8111-111111111111', 'Data centre exit'),
    ('33333333-3333-4333-8333-333333333332', '22222222-2222-4222-8222-222222222222', 'Clinic platform')
ON CONFLICT DO NOTHING;
INSERT INTO assets (id, client_account_id, engagement_id, name, asset_type)
SELECT md5('asset' || n)::uuid, '11111111-1111-4111-8111-111111111111', '33333333-3333-4333-8333-333333333331', 'srv-' || n, 'server'
FROM generate_series(1, 40) n
ON CONFLICT DO NOTHING;
