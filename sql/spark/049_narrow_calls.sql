-- api_calls without what was asked and answered, which Spark does not read where nothing asks for it.
CREATE OR REPLACE TEMPORARY VIEW narrow_calls AS
SELECT * EXCEPT (request_parameters, response_elements)
FROM api_calls;
