"""The case file as frozen pydantic models, key by key.

None means "not known" everywhere; NEVER means "has not happened". The models hold no law: a value
of type OneOf is checked against the vocabulary, given as `choices` in the validation context.
"""

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from annotated_types import Len
from pydantic import BaseModel, ConfigDict, Field

from reasoner.case_dates import FullDate, Happened, Moment, When
from reasoner.case_values import (
    CaseName,
    Country,
    CountryItem,
    LanguageCode,
    Listed,
    OneOf,
    PersonKey,
    PersonRef,
    Scalar,
    Slug,
    Text,
    Truth,
    whole_number,
)

MAX_PERSONS = 24


def key(description: str, **options: Any) -> Any:
    """An optional key of the case file with its description in the JSON Schema."""
    return Field(None, description=description, **options)


class Section(BaseModel):
    """A mapping in the case file: unknown keys are faults, and nothing changes after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Disability(Section):
    """A disability and what follows from it."""

    present: Truth = key("The person has a disability.")
    unable_to_provide_for_self: Truth = key("The person cannot provide for their own needs.")
    caused_by_disability: Truth = key("That inability is caused by the disability.")


class Custody(Section):
    """Who has custody of a child, and the consent of the other holder."""

    arrangement: Annotated[str | None, OneOf("persons.*.custody.arrangement")] = key("Kind.")
    consent_given: Truth = key("The other holder of custody consents to the move.")
    parents_divorced: Truth = key("The parents are divorced or separated.")


class Protection(Section):
    """International protection in Belgium."""

    status: Annotated[str | None, OneOf("persons.*.protection.status")] = key("The status granted.")
    granted_by: Annotated[str | None, OneOf("persons.*.protection.granted_by")] = key("By whom.")
    applied: When = key("Day the successful asylum application was lodged.")
    granted: When = key("Day the status was granted.")
    still_held: Truth = key("The status has not ended or been withdrawn.")
    unaccompanied_minor: Truth = key("The person came as an unaccompanied minor.")
    country_of_origin: Country = key("Country of origin in the asylum decision.")


class Withdrawal(Section):
    """What a British national has under the Withdrawal Agreement; with this section, relatives may join the person."""

    beneficiary: Truth = key("The person is a beneficiary of the Withdrawal Agreement in Belgium.")
    economically_active: Truth = key("The person works, is self-employed or seeks work.")


class Stay(Section):
    """The residence card and the steps around it."""

    card: Annotated[str | None, OneOf("persons.*.stay.card")] = key("Residence card held.")
    issued: When = key("Day the card was issued.")
    expires: When = key("Day the card expires.")
    extensions: Annotated[int | None, whole_number(0, 9)] = key("How often it was extended.")
    extension_requested: When = key("Day the next extension was requested.")
    b_card_requested: When = key("Day the B card was requested.")
    immigration_office_instruction: When = key("Day of the Immigration Office's instruction.")


class Travel(Section):
    """A journey abroad."""

    destination: Country = key("Country of destination.")
    departs: When = key("Day of departure.")
    reported: When = key("Day the journey was reported to the municipality.")
    papers_held: Truth = key("The papers needed for the journey are held.")


class Material(Section):
    """Material conditions of a sponsor."""

    housing: Truth = key("There is sufficient housing.")
    insurance: Truth = key("There is health insurance that covers the family.")
    means: Truth = key("There are stable, regular and sufficient means of subsistence.")


class Stretch(Section):
    """A stretch of days, both days included."""

    from_: Happened = key("First day.", alias="from")
    to: When = key("Last day; none if it still lasts.")


class FreeMovement(Section):
    """Stay in Belgium as a citizen of the Union or of an associated country."""

    basis: Annotated[str | None, OneOf("persons.*.free_movement.basis")] = key("On what the stay is based.")
    basis_since: When = key("Day since which it is; none if it has always been.")
    earlier_basis: Annotated[str | None, OneOf("persons.*.free_movement.earlier_basis")] = key(
        "On what it was based before that day."
    )
    proof_of_stay: Annotated[str | None, OneOf("persons.*.free_movement.proof_of_stay")] = key(
        "What shows the right to stay for more than three months."
    )
    moves_to: Country = key("State to which this person moves or travels.")
    lawful_residence_elsewhere: Annotated[tuple[Stretch, ...] | None, Listed()] = key(
        "Periods of lawful residence in another Member State."
    )


class CitizenFamily(Section):
    """A relative of a citizen of the Union or of an associated country."""

    dependent_in: Annotated[
        tuple[Annotated[str | None, OneOf("persons.*.citizen_family.dependent_in")], ...] | None, Listed(single=True)
    ] = key("Where this person depends on the citizen or the citizen's partner.")
    household_in_provenance: Truth = key("This person lived in the citizen's household in the country of provenance.")
    family_unit_elsewhere: Truth = key("This person lived with the citizen as a family in the other Member State.")
    serious_health_problem: Truth = key("This person has a serious health problem.")
    needs_care: Truth = key("The state of health makes care by another person necessary.")
    care_only_by_citizen: Truth = key("The citizen, in person, is the one who must give that care.")
    parental_authority: Truth = key("This parent has parental authority, custody included, over the minor citizen.")
    daily_care: Truth = key("This parent bears the daily care and upbringing of the minor citizen.")
    material_care: Truth = key("This parent gives the minor citizen material care.")
    resources: Truth = key("This parent has sufficient resources for both.")
    insurance: Truth = key("This parent has health insurance covering all risks in Belgium for both.")


class Document(Section):
    """A document of a person or an application."""

    type: Annotated[str | None, OneOf("documents.*.type", always=True)] = key("Kind of document.")
    issued: When = key("Day of issue.")
    issued_in: Country = key("Country of issue.")
    valid_until: When = key("Last day of validity; none if it does not expire.")
    handed_in: When = key("Day it was handed in; none if it has not been.")
    variant: Annotated[str | None, OneOf("documents.*.variant")] = key(
        "Form of the document, for kinds that come in several."
    )
    original: Truth = key("It is an original or a certified copy.")
    legalised_there: Truth = key("Legalised by the country of issue.")
    legalised_belgium: Truth = key("Legalised by the Belgian post.")
    apostille: Truth = key("It carries an apostille.")
    language: LanguageCode = key("Language of the document, ISO 639-1.")
    sworn_translation: Truth = key("There is a sworn translation.")
    legalised_translation: Truth = key("There is a translation that is legalised itself.")
    accredited_doctor: Truth = key("Issued by a doctor accredited by the post.")
    signed: Truth = key("It is signed.")
    favourable: Truth = key("It shows what it has to show.")
    doubted: Truth = key("Its authenticity is doubted.")


class Person(Section):
    """A person in the case."""

    name: Text = key("Name, for display.")
    born: When = key("Day of birth.")
    born_in: Country = key("Country of birth.")
    died: When = key("Day of death; none if alive.")
    nationality: Annotated[tuple[CountryItem, ...] | None, Listed(single=True)] = key(
        "Nationalities: one country code or a list."
    )
    lives_in: Country = key("Country of residence.")
    municipality: Text = key("Municipality of residence.")
    in_gaza: Truth = key("The person is in Gaza.")
    civil_status: Annotated[str | None, OneOf("persons.*.civil_status")] = key("Civil status.")
    other_lasting_relationship: Truth = key("There is a lasting relationship with another.")
    other_spouse_in_belgium: Truth = key("Another spouse already lives in Belgium.")
    arrived_in_belgium: When = key("Day of arrival in Belgium.")
    parents: Annotated[tuple[PersonKey, ...] | None, Listed()] = key(
        "Ids of the parents; when given, the list is complete."
    )
    mother: PersonRef = key("Id of the mother.")
    father_on_birth_record: Truth = key("The birth record names the father.")
    kin: Annotated[dict[PersonKey, Annotated[str | None, OneOf("persons.*.kin.*")]] | None, Listed()] = key(
        "Other relatives: person id -> how they are related."
    )
    dependent_on: Annotated[tuple[PersonKey, ...] | None, Listed(single=True)] = key(
        "Id or ids of the persons this person depends on."
    )
    disability: Disability | None = key("Disability and its consequences.")
    marriageable_age: Annotated[int | None, whole_number(10, 30)] = key(
        "Age from which this person may marry under their own law, in whole years."
    )
    custody: Custody | None = key("Custody of this child.")
    protection: Protection | None = key("International protection in Belgium.")
    free_movement: FreeMovement | None = key("Stay as a citizen of the Union or of an associated country.")
    citizen_family: CitizenFamily | None = key("Facts of a relative of such a citizen.")
    visa_required: Truth = key("This person needs a visa for a short stay.")
    withdrawal: Withdrawal | None = key("Beneficiary of the Withdrawal Agreement.")
    adopted: When = key("Day of adoption; none if not adopted.")
    lived_before_in: Country = key("Country of habitual residence before coming to Belgium.")
    household_abroad_of: Annotated[tuple[PersonKey, ...] | None, Listed(single=True)] = key(
        "Id or ids of the persons whose household this person belonged to in the country of origin."
    )
    needs_care_of: Annotated[tuple[PersonKey, ...] | None, Listed(single=True)] = key(
        "Id or ids of the persons whose own care this person needs for serious reasons of health."
    )
    stay: Stay | None = key("Residence card.")
    birth_declared: When = key("Day the birth in Belgium was declared.")
    own_protection_wanted: Truth = key("The parents want a status of the child's own.")
    travel: Travel | None = key("A journey abroad.")
    material: Material | None = key("Material conditions.")
    documents: Annotated[tuple[Document, ...], Listed(missing=())] = Field(
        (), description="Documents held; one that is not listed is not held."
    )
    documents_open: Truth = key("Further documents may exist.")


class Meeting(Stretch):
    """A stretch of days spent together, both days included."""


class Cohabitation(Meeting):
    """A stretch of living together, both days included."""

    lawful: Truth = key("Both were lawfully resident.")


class Union(Section):
    """A marriage, registered partnership or de facto union of two persons."""

    partners: Annotated[Annotated[tuple[PersonKey, ...], Len(2, 2)] | None, Listed()] = key("Ids of the two partners.")
    kind: Annotated[str | None, OneOf("unions.*.kind", always=True)] = key("Kind of union.")
    concluded: When = key("Day it was concluded.")
    country: Country = key("Country where it was concluded.")
    ended: When = key("Day it ended; none if it lasts.")
    polygamous: Truth = key("One partner was already married.")
    sham_inquiry_open: Truth = key("An inquiry into a sham union is open.")
    sham_established: Truth = key("A sham union was established.")
    common_child: Truth = key("The partners have a child together.")
    marriage_refused: Truth = key("A final decision refused to celebrate a marriage of the two.")
    lasting_and_stable: Truth = key("It is shown that the relationship is lasting and stable.")
    durable: Truth = key("Their relationship is durable and duly attested when the application is made.")
    durable_at_transition_end: Truth = key("It was durable when the transition period after Brexit ended.")
    known_since: When = key("When the partners came to know each other.")
    regular_contact: Truth = key("They can show regular contact.")
    cohabitation: Annotated[tuple[Cohabitation, ...] | None, Listed()] = key("Periods of living together.")
    meetings: Annotated[tuple[Meeting, ...] | None, Listed()] = key("Periods spent together.")


class ProofOfTie(Section):
    """How the family tie is proved when official documents are missing."""

    official_unavailable: Truth = key("Official documents cannot be had.")
    reason: Annotated[str | None, OneOf("applications.*.proof_of_tie.reason")] = key("Why not.")
    beyond_will: Truth = key("That is beyond the applicant's will.")
    inability_accepted: Truth = key("The authority accepts the inability.")
    interview_held: Truth = key("An interview was held.")
    dna_requested: Truth = key("A DNA test was requested.")
    dna_result: Annotated[str | None, OneOf("applications.*.proof_of_tie.dna_result")] = key("Result of the DNA test.")


class Extension(Section):
    """An extension of the time for deciding."""

    decided: When = key("Day the extension was decided.")
    ground: Annotated[str | None, OneOf("applications.*.procedure.extensions.*.ground")] = key(
        "Ground of the extension."
    )


class Procedure(Section):
    """The course of the procedure."""

    completed: When = key("Day the file was complete.")
    proof_of_submission: When = key("Day of the proof of submission.")
    extensions: Annotated[Annotated[tuple[Extension, ...], Len(0, 2)], Listed(missing=())] = Field(
        (), description="Extensions of the time for deciding, in order."
    )
    decision: Annotated[str | None, OneOf("applications.*.procedure.decision")] = key("Decision.")
    decided: When = key("Day of the decision.")
    visa_issued: When = key("Day the visa was issued.")
    visa_expires: When = key("Day the visa expires.")
    attestation: When = key("Day of the attestation for beneficiaries of the Withdrawal Agreement.")
    card_ready: When = key("Day from which the new card can be fetched.")


class Evacuation(Section):
    """Assisted departure from Gaza."""

    requested: When = key("Day help was requested.")
    registered: Truth = key("The person is registered for departure.")
    access_title: Annotated[str | None, OneOf("applications.*.evacuation.access_title")] = key(
        "Title that gives access to Belgium."
    )
    consent_egypt: Truth = key("Egypt consents.")
    consent_israel: Truth = key("Israel consents.")
    at_border: Moment = key("Moment the person has to be at the border.")


class Threat(Section):
    """A threat that the authority has demonstrated."""

    to: Annotated[str | None, OneOf("applications.*.entry_visa.threat.to")] = key("What is threatened.")
    real: Truth = key("The threat is real.")
    immediate: Truth = key("The threat is immediate.")
    serious: Truth = key("The threat is sufficiently serious.")


class EntryVisa(Section):
    """A visa for the first entry, asked for by a relative of a citizen who moves."""

    journey_unrelated: Truth = key("The journey has nothing to do with that of the citizen.")
    intended_days: Annotated[int | None, whole_number(1, 9999)] = key("Length of the intended stay in days.")
    represented_by: Country = key("State that represents Belgium where the applicant lives.")
    fee_exempt: Truth = key("The applicant is personally exempt from the visa fee.")
    language_not_understood: Truth = key("A paper is in a language that the authority does not understand.")
    coverage_proved: When = key("Day on which papers showed that the journey is covered.")
    threat: Threat | None = key("A threat that the authority has demonstrated.")
    abuse_or_fraud: Truth = key("The authority has demonstrated abuse or fraud.")


class Application(Section):
    """An application of one person to join another."""

    applicant: PersonRef = key("Id of the applicant.")
    sponsor: PersonRef = key("Id of the person to be joined.")
    route: Annotated[str | None, OneOf("applications.*.route", always=True)] = key("Route applied for.")
    filed: When = key("Day of filing; none if not filed yet.")
    channel: Annotated[str | None, OneOf("applications.*.channel")] = key("How it was filed.")
    lodged_at: Annotated[str | None, OneOf("applications.*.lodged_at")] = key("Where.")
    post_takes_long_stay: Truth = key("The post takes applications for long stay.")
    visa: Annotated[str | None, OneOf("applications.*.visa")] = key("Visa applied for.")
    will_live_with_sponsor: Truth = key("The applicant will live with the sponsor.")
    accompanies_or_joins: Annotated[str | None, OneOf("applications.*.accompanies_or_joins")] = key(
        "Whether the applicant travels with the person to be joined, or follows."
    )
    entry_visa: EntryVisa | None = key("Visa for the first entry of a citizen's relative.")
    post_hard_to_reach: Truth = key("The post is impossible or very hard to reach.")
    remote_request: Annotated[str | None, OneOf("applications.*.remote_request")] = key(
        "State of the request to file from a distance."
    )
    appeared_in_person: Truth = key("The applicant has appeared in person.")
    proof_of_tie: ProofOfTie | None = key("Proof of the family tie without official documents.")
    procedure: Procedure | None = key("The course of the procedure.")
    evacuation: Evacuation | None = key("Assisted departure from Gaza.")
    documents_open: Truth = key("Further documents may exist.")
    documents: Annotated[tuple[Document, ...], Listed(missing=())] = Field(
        (), description="Documents of the application; one that is not listed is not held."
    )


class Case(Section):
    """A case file."""

    case: CaseName = key("Short name of the case.")
    title: Text = key("Title.")
    assessed_on: FullDate = key("Day on which the case is assessed; today if not given.")
    language: Annotated[str | None, OneOf("language")] = key("Contact language of the family.")
    readings: Annotated[dict[str, Slug], Listed(missing={})] = Field(
        {}, description="Chosen readings of questions that the law leaves open."
    )
    persons: Annotated[dict[PersonKey, Person], Len(1, MAX_PERSONS)] = Field(description="The persons, by id.")
    unions: Annotated[tuple[Union, ...], Listed(missing=())] = Field((), description="Unions of two persons.")
    applications: Annotated[tuple[Application, ...], Listed(missing=())] = Field(
        (), description="Applications, at most one per applicant."
    )


class Place(NamedTuple):
    """What may stand at a place of a case file: whether several values, and from which to which number."""

    repeated: bool
    range: tuple[int, int]


def field_at(thing: str, names: tuple[str, ...]) -> Place:
    """The field that names lead to in a thing (``persons``, ``unions``, ``applications``, ``extensions``, ``documents``
    or ``case``). Raises KeyError when there is none."""
    annotation: Any = _THINGS[thing]
    for name in names:
        if get_origin(annotation) is dict:
            annotation = get_args(annotation)[1]
            continue
        model = next(part for part in _parts(annotation) if isinstance(part, type) and issubclass(part, BaseModel))
        fields = model.model_fields
        info = fields[name if name in fields else f"{name}_"]
        annotation = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        annotation = next((part for part in _parts(annotation) if get_origin(part) is dict), annotation)
    parts = list(_parts(annotation))
    numbers = next((part.schema for part in parts if isinstance(part, Scalar) and "minimum" in part.schema), {})
    bounds = (int(numbers.get("minimum", 0)), int(numbers.get("maximum", 0)))
    return Place(any(get_origin(part) is tuple for part in parts), bounds)


_THINGS = {
    "case": Case,
    "persons": Person,
    "unions": Union,
    "applications": Application,
    "extensions": Extension,
    "documents": Document,
}


def _parts(annotation: Any) -> Iterator[Any]:
    """An annotation and everything inside it."""
    yield annotation
    for part in (*get_args(annotation), *getattr(annotation, "__metadata__", ())):
        yield from _parts(part)
