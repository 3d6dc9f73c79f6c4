-- What speaks for or against an alert, and how much: the one place for the weights. The score of an alert is the rule's
-- own risk score and the weights of all signals that are there.
CREATE OR REPLACE VIEW signal_weights AS
SELECT row_number() OVER () AS rank, signal, weight, meaning
FROM (VALUES
    -- who
    ('root_user', 25, 'The root user made the call.'),
    ('long_lived_access_key', 10, 'A long-lived access key (AKIA) is at the beginning of the session, or is the key itself.'),
    ('no_mfa', 5, 'The session was opened without MFA.'),
    ('role_chain', 5, 'Two roles or more stand between the call and the first principal.'),
    ('new_principal', 5, 'This user or role was never seen before the day of the call.'),
    -- from where, with what
    ('new_address', 15, 'This user or role never called from this address before the day of the call.'),
    ('new_country', 15, 'This user or role never called from this country before the day of the call.'),
    ('impossible_travel', 20, 'The principal called from two places farther apart than an aeroplane flies in the time between.'),
    ('shared_address', 5, 'A user or role that is not part of the session chain used the same address within a day.'),
    ('new_client', 10, 'This user or role never used this client before the day of the call.'),
    ('offensive_client', 25, 'The user agent names a tool or a distribution made to attack.'),
    -- what was asked
    ('first_deprecated_query', 5, 'This user or role never asked for deprecated images before the day of the call.'),
    ('old_images_asked_for', 5, 'A name that was asked for is of a release out of support, or three years old or more.'),
    -- what else
    ('reconnaissance_burst', 10, 'Five or more different Describe, Get or List calls within an hour.'),
    ('denied_calls', 10, 'Two or more calls within an hour were denied.'),
    ('credentials_changed', 15, 'Keys, users, roles or policies were made or changed within an hour.'),
    ('network_opened', 10, 'A security group was opened within an hour.'),
    ('logging_changed', 25, 'A trail was stopped, changed or deleted within an hour.'),
    -- what followed
    ('launch_followed', 30, 'Instances were launched within a day.'),
    ('launch_attempted', 10, 'A launch was refused or rehearsed within a day.'),
    ('asked_image_launched', 15, 'An image that was asked for was launched within a day.'),
    ('deprecated_image_launched', 15, 'An image that was launched within a day, or by the caller, was deprecated then.'),
    ('instance_still_running', 10, 'An instance that was launched within a day, or by the caller since the day before, was never seen terminated.'),
    -- what speaks against it
    ('routine_query', -20, 'This user or role asked for deprecated images on three days or more before, from the same address.'),
    ('known_scanner', -10, 'The user agent names a tool made to assess, and the address is not new.')
) AS weight(signal, weight, meaning);

COMMENT ON VIEW signal_weights IS 'The signals of triage and their weights: what triage_signals looks for in an alert.';
COMMENT ON COLUMN signal_weights.weight IS 'What it adds to the risk score of the rule; negative if it speaks against the alert.';
