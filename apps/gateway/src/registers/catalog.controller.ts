import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { type CatalogCommand, CatalogRegister, catalogStream } from '@faultline/catalog';
import { type FastifyRequest } from 'fastify';
import { Requires } from '../http/auth.guard';
import { CommandEnvelopes } from '../http/command-envelopes';
import { QueryReader, type RawQuery } from '../http/query';
import { partOf, partsByPath } from './catalog-parts';
import { RegisterCommands } from './register-commands';
import { RegisterHistory } from './register-history';
import { required } from './register-listing';
import { CatalogPolicyDto, CategoriesDto, EntryDto, PriorityMatrixDto } from './register.dto';

const entries = (known: ReadonlyMap<string, string>) => [...known].map(([key, name]) => ({ key, name }));

/** What incidents may be classified, held and resolved as, and the matrix of priorities. */
@Controller('v1/catalog')
@Requires('register.read')
export class CatalogController {
  constructor(
    @Inject(CatalogRegister) private readonly register: CatalogRegister,
    @Inject(RegisterCommands) private readonly commands: RegisterCommands,
    @Inject(CommandEnvelopes) private readonly envelopes: CommandEnvelopes,
    @Inject(RegisterHistory) private readonly histories: RegisterHistory,
  ) {}

  @Get()
  all(@Query() raw: RawQuery) {
    new QueryReader(raw, []);
    const { categories, resolutionCodes, holdReasons, matrix, policy } = this.register.catalog;
    return {
      categories: [...categories].map(([category, members]) => ({ category, subcategories: [...members] })),
      resolutionCodes: entries(resolutionCodes),
      holdReasons: entries(holdReasons),
      priorityMatrix: matrix,
      policy,
    };
  }

  @Get(':part')
  one(@Param('part') path: string, @Query() raw: RawQuery) {
    const part = required(partsByPath[path], 'catalog-part', path);
    return { [part]: this.all(raw)[part] };
  }

  @Get(':part/history')
  history(@Param('part') path: string, @Query() raw: RawQuery) {
    return this.histories.page(catalogStream(required(partsByPath[path], 'catalog-part', path)), raw);
  }

  @Post('categories')
  @HttpCode(200)
  @Requires('register.change')
  addCategories(@Body() body: CategoriesDto, @Req() request: FastifyRequest) {
    const categories = body.categories.map(({ category, subcategory = null }) => ({ category, subcategory }));
    return this.run(request, { type: 'AddCategories', categories });
  }

  @Delete('categories/:category')
  @Requires('register.change')
  retireCategory(@Param('category') category: string, @Req() request: FastifyRequest) {
    return this.run(request, { type: 'RetireCategory', category: { category, subcategory: null } });
  }

  @Delete('categories/:category/:subcategory')
  @Requires('register.change')
  retireSubcategory(
    @Param('category') category: string,
    @Param('subcategory') subcategory: string,
    @Req() request: FastifyRequest,
  ) {
    return this.run(request, { type: 'RetireCategory', category: { category, subcategory } });
  }

  @Post('resolution-codes')
  @HttpCode(200)
  @Requires('register.change')
  addResolutionCode(@Body() body: EntryDto, @Req() request: FastifyRequest) {
    return this.run(request, { type: 'AddResolutionCodes', entries: [{ key: body.key, name: body.name }] });
  }

  @Delete('resolution-codes/:key')
  @Requires('register.change')
  retireResolutionCode(@Param('key') key: string, @Req() request: FastifyRequest) {
    return this.run(request, { type: 'RetireResolutionCode', key });
  }

  @Post('hold-reasons')
  @HttpCode(200)
  @Requires('register.change')
  addHoldReason(@Body() body: EntryDto, @Req() request: FastifyRequest) {
    return this.run(request, { type: 'AddHoldReasons', entries: [{ key: body.key, name: body.name }] });
  }

  @Delete('hold-reasons/:key')
  @Requires('register.change')
  retireHoldReason(@Param('key') key: string, @Req() request: FastifyRequest) {
    return this.run(request, { type: 'RetireHoldReason', key });
  }

  @Post('priority-matrix')
  @HttpCode(200)
  @Requires('register.change')
  changeMatrix(@Body() body: PriorityMatrixDto, @Req() request: FastifyRequest) {
    return this.run(request, { type: 'ChangePriorityMatrix', matrix: body.matrix });
  }

  @Post('policy')
  @HttpCode(200)
  @Requires('register.change')
  changePolicy(@Body() body: CatalogPolicyDto, @Req() request: FastifyRequest) {
    return this.run(request, { type: 'ChangeCatalogPolicy', ...body });
  }

  private async run(request: FastifyRequest, command: CatalogCommand) {
    const { revision, position } = await this.commands.catalog(command, this.envelopes.of(request));
    return { id: partOf(command), revision, position };
  }
}
