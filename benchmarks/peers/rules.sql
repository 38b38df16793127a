-- The law as one query. {source} has one row for each case and one column for each fact.
CREATE OR REPLACE MACRO later(day, number) AS CAST(day + to_months(number) AS DATE);
-- 1 March in a common year for who was born on 29 February, where adding years gives 28 February.
CREATE OR REPLACE MACRO birthday(born, years) AS
    later(born, 12 * years) + CASE WHEN day(born) = 29 AND month(born) = 2 AND day(later(born, 12 * years)) = 28 THEN 1 ELSE 0 END;

COPY (
WITH facts AS ({source}),
     days AS (
         SELECT *, later(granted, 12) AS exempt_until, birthday(child_born, 18) AS adult, housing AND insurance AND means AS able
         FROM facts
     )
SELECT (ended IS NULL OR ended > assessed)
         AND (birthday(spouse_born, 21) <= spouse_filed AND birthday(sponsor_born, 21) <= spouse_filed
              OR united < arrived AND birthday(spouse_born, 18) <= spouse_filed AND birthday(sponsor_born, 18) <= spouse_filed)
         AND spouse_lives AND (able OR spouse_filed <= exempt_until) AS spouse_eligible,
       spouse_passport AND spouse_until >= spouse_filed
         AND spouse_paper AND spouse_original AND spouse_legalised_there AND spouse_legalised_belgium
         AND (spouse_translated OR spouse_language IN ('de', 'en', 'fr', 'nl'))
         AND spouse_medical AND spouse_doctor AND later(spouse_issued, 6) >= spouse_filed AS spouse_complete,
       (child_filed < adult
         OR asylum < adult AND child_filed <= later(granted, CASE WHEN child_filed >= DATE '2024-09-01' THEN 3 ELSE 12 END)
            AND child_filed >= DATE '2022-12-23')
         AND child_single AND child_lives AND (able OR child_filed <= exempt_until) AS child_eligible,
       child_passport AND child_until >= child_filed
         AND child_paper AND child_original AND child_legalised_there AND child_legalised_belgium
         AND (child_translated OR child_language IN ('de', 'en', 'fr', 'nl'))
         AND child_medical AND child_doctor AND later(child_issued, 6) >= child_filed AS child_complete
FROM days
) TO '{output}' (FORMAT parquet);
