-- What was asked and answered is the most of a store. Whether a call failed can be told without it, but for sign-ins:
-- told apart, only theirs is read.
CREATE OR REPLACE VIEW narrow_calls AS
SELECT * EXCLUDE (request_parameters, response_elements)
REPLACE (call_outcome(error_code, error_message) AS outcome)
FROM api_calls
WHERE event_name IS DISTINCT FROM 'ConsoleLogin'
UNION ALL
SELECT * EXCLUDE (request_parameters, response_elements)
FROM api_calls
WHERE event_name = 'ConsoleLogin';

COMMENT ON VIEW narrow_calls IS 'api_calls without what was asked and answered: faster to count.';
