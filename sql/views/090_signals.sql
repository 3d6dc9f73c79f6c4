-- What speaks for or against an alert, and how much: the one place for the weights. The score of an alert is the rule's
-- own risk score and the weights of all signals that are there.
CREATE OR REPLACE VIEW signal_weights AS
SELECT *
FROM (VALUES
    -- who
    (1, 'root_user', 25, 'The root user made the call.'),
    (2, 'long_lived_access_key', 10, 'A long-lived access key (AKIA) is at the beginning of the session, or is the key itself.'),
    (3, 'no_mfa', 5, 'The session was opened without MFA.'),
    (4, 'role_chain', 5, 'Two roles or more stand between the call and the first principal.'),
    (5, 'new_principal', 5, 'This user or role was never seen before the day of the call.'),
    -- from where, with what
    (6, 'new_address', 15, 'This user or role never called from this address before the day of the call.'),
    (7, 'new_country', 15, 'This user or role never called from this country before the day of the call.'),
    (8, 'impossible_travel', 20, 'The principal called from two places farther apart than an aeroplane flies in the time between.'),
    (9, 'shared_address', 5, 'A user or role that is not part of the session chain used the same address within a day.'),
    (10, 'new_client', 10, 'This user or role never used this client before the day of the call.'),
    (11, 'offensive_client', 25, 'The user agent names a tool or a distribution made to attack.'),
    -- what was asked
    (12, 'first_deprecated_query', 5, 'This user or role never asked for deprecated images before the day of the call.'),
    (13, 'old_images_asked_for', 5, 'A name that was asked for is of a release out of support, or three years old or more.'),
    -- what else
    (14, 'reconnaissance_burst', 10, 'Five or more different Describe, Get or List calls within an hour.'),
    (15, 'denied_calls', 10, 'Two or more calls within an hour were denied.'),
    (16, 'credentials_changed', 15, 'Keys, users, roles or policies were made or changed within an hour.'),
    (17, 'network_opened', 10, 'A security group was opened within an hour.'),
    (18, 'logging_changed', 25, 'A trail was stopped, changed or deleted within an hour.'),
    -- what followed
    (19, 'launch_followed', 30, 'Instances were launched within a day.'),
    (20, 'launch_attempted', 10, 'A launch was refused or rehearsed within a day.'),
    (21, 'asked_image_launched', 15, 'An image that was asked for was launched within a day.'),
    (22, 'deprecated_image_launched', 15, 'An image that was launched within a day, or by the caller, was deprecated then.'),
    (23, 'instance_still_running', 10, 'An instance that was launched within a day, or by the caller since the day before, was never seen terminated.'),
    -- what speaks against it
    (24, 'routine_query', -20, 'This user or role asked for deprecated images on three days or more before, from the same address.'),
    (25, 'known_scanner', -10, 'The user agent names a tool made to assess, and the address is not new.')
) AS weight(rank, signal, weight, meaning);

COMMENT ON VIEW signal_weights IS 'The signals of triage and their weights: what triage_signals looks for in an alert.';
COMMENT ON COLUMN signal_weights.weight IS 'What it adds to the risk score of the rule; negative if it speaks against the alert.';
