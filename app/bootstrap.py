"""Put settings and adapters together; the only file that knows everybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from app import proving
from app.adapters import documents, pictures
from app.adapters.backend_events import RedisEvents
from app.adapters.backend_webhooks import CarefulCourier, PlainCourier
from app.adapters.broker import CeleryBell, NoBell
from app.adapters.embedding import build_embedder
from app.adapters.embedding_mapped import mapped
from app.adapters.embedding_memory import RememberingEmbedder
from app.adapters.language_model import build_language_model
from app.adapters.mail import SmtpPostman
from app.adapters.postgresql import PostgreSQLAdapter, postgresql_adapter
from app.adapters.resume_links import ResumeFetcher
from app.adapters.revisions import all_newest
from app.adapters.token_states import TokenStates
from app.errors import NotFoundError, SettingsError
from app.services import health, onboarding_view
from app.services.caretaker import Caretaker
from app.services.delivery import Postman, PostRoom
from app.services.live import Watch
from app.services.onboarding_reading import Reader
from app.services.onboarding_view import Conversation
from app.services.operator_overview import Eyes
from app.services.ports import Bell, Embedder
from app.services.resumes import Resumes
from app.services.sight import Observer
from app.services.site import Site
from app.services.webhooks import Couriers
from app.settings import (
    ApiSettings,
    CommandSettings,
    DatabaseSettings,
    EmbeddingSettings,
    LanguageModelSettings,
    WorkerSettings,
)


@dataclass(frozen=True, slots=True)
class Platform:
    """Hold what services are called with."""

    databases: PostgreSQLAdapter
    embedder: Embedder
    bell: Bell

    def prove(self) -> None:
        """Prove, before any work, that both databases are the right ones, in this code's shape."""
        proving.prove(self.databases)


def embedder(settings: EmbeddingSettings) -> Embedder:
    """Choose the embedding model that the settings name."""
    chosen = build_embedder(
        folder=settings.folder,
        base_url=settings.base_url,
        api_key=settings.embedding_api_key,
        model=settings.model,
        dimensions=settings.dimensions,
    )
    if settings.map_file is not None:
        chosen = mapped(chosen, settings.map_file)
    return RememberingEmbedder(chosen)


def reader(settings: LanguageModelSettings) -> Reader:
    """Build what understands messages: the shipped model, and a language model where one is named."""
    model = build_language_model(
        base_url=settings.llm_base_url, api_key=settings.llm_api_key, model=settings.llm_model
    )
    return Reader(TokenStates(), model)


def targets(settings: DatabaseSettings) -> CarefulCourier:
    """Choose what posts to operators' endpoints, and judges where they may be."""
    return CarefulCourier(development=settings.environment in {"development", "test"})


def couriers(settings: DatabaseSettings) -> Couriers:
    """Choose what carries webhooks; raise SettingsError where the backend's key is missing."""
    if settings.beside_nestjs and not settings.webhook_key:
        raise SettingsError(
            "RECIPROCITY_BACKEND_URL is set and AI_SERVICE_WEBHOOK_API_KEY is not: set it to the key"
            " that the backend expects in x-api-key."
        )
    return Couriers(
        to_operators=targets(settings),
        to_backend=PlainCourier(),
        backend_url=settings.backend_url,
        backend_key=settings.webhook_key or "",
        events=RedisEvents(settings.backend_events_url) if settings.backend_events_url else None,
    )


def resumes(settings: DatabaseSettings) -> Resumes:
    """Choose what fetches the résumés that a questionnaire links to, and what reads them."""
    development = settings.environment in {"development", "test"}
    return Resumes(ResumeFetcher(settings.backend_url, development), documents.text_of)


def platform(settings: CommandSettings | WorkerSettings) -> Platform:
    """Build the platform of one process; nothing is opened before it is used."""
    databases = postgresql_adapter
    databases.use(settings)
    bell: Bell = CeleryBell(settings.broker_url) if settings.broker_url else NoBell()
    databases.after_work_written = bell.ring
    return Platform(databases, embedder(settings), bell)


def site(settings: ApiSettings) -> Site:
    """Say what kind of place this is; on a development machine it is found where it is served."""
    development = settings.environment in {"development", "test"}
    here = f"http://{'127.0.0.1' if settings.host == '0.0.0.0' else settings.host}:{settings.port}"  # noqa: S104 - read, not bound
    return Site(
        url=settings.site_url or (here if development else None),
        development=development,
        keeps_accounts=not settings.beside_nestjs,
        sends_mail=settings.smtp_url is not None,
    )


def postman(settings: ApiSettings) -> Postman | None:
    """Choose what sends letters; None where no server is named and letters only wait."""
    if settings.smtp_url is None:
        return None
    return SmtpPostman.of(settings.smtp_url, settings.mail_from)


@dataclass(frozen=True, slots=True)
class MemberSide:
    """Hold what the pages and the API of the members are made of."""

    databases: PostgreSQLAdapter
    site: Site
    post: PostRoom
    watch: Watch
    reader: Reader
    eyes: Eyes
    caretaker: Caretaker
    text_of: Callable[[bytes], str]
    make_anew: Callable[[bytes], bytes]

    def open(self) -> None:
        """Begin to send letters, and to look for what is due."""
        self.post.open()
        self.caretaker.open()

    def close(self) -> None:
        """Let open pages end and stop sending letters."""
        self.watch.stop()
        self.caretaker.close()
        self.post.close()


def member_side(platform: Platform, settings: ApiSettings) -> MemberSide:
    """Build what members' pages and their API need; nothing is started before it is opened."""
    databases = platform.databases
    post = PostRoom(databases, postman(settings))
    eyes = Eyes(Observer(databases), all_newest(), platform.embedder.model)
    place = site(settings)
    caretaker = Caretaker(databases, place, post)
    return MemberSide(
        databases,
        place,
        post,
        Watch(databases),
        reader(settings),
        eyes,
        caretaker,
        documents.text_of,
        pictures.made_anew,
    )


@dataclass(frozen=True, slots=True)
class ContractSide:
    """Hold what the calls of another backend are answered with."""

    databases: PostgreSQLAdapter
    embedder: Embedder
    reader: Reader
    observer: Observer
    text_of: Callable[[bytes], str]

    def session(self, session_id: UUID) -> Conversation:
        """Find an onboarding by its id; raise NotFoundError when this service issued no such id."""
        with self.databases.backend() as backend:
            return onboarding_view.of_session(backend, session_id)

    def own_session(self, session_id: UUID, user_id: UUID) -> None:
        """Raise NotFoundError when this service did not issue this session to this member."""
        if self.session(session_id).user_id != user_id:
            raise NotFoundError(
                "There is no onboarding session {session} of this member.", session=session_id
            )

    def health(self) -> health.Report:
        """Look at both databases and at what stands in them."""
        report = health.report(self.databases, all_newest())
        if report.ready:
            report.look(self.observer.look(), self.embedder.model)
        return report


def contract_side(platform: Platform, side: MemberSide, observer: Observer) -> ContractSide:
    """Build what the calls of another backend need, of what members' pages use as well."""
    return ContractSide(
        platform.databases, platform.embedder, side.reader, observer, documents.text_of
    )
